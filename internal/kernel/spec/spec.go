// Package spec reads kernels.toml: which kernels a user asks for, for which
// architectures, from which sources and with which configuration. It reads the files
// that the table names and nothing else: no engine, no clock, no environment.
//
//	kernels.toml -> File -> Spec
package spec

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
)

// Spec is one kernel to build: a table of the file for one architecture.
type Spec struct {
	Name       string
	Constraint release.Constraint
	Arch       arch.Arch
	Compiler   arch.Compiler
	Config     []plan.Item
	Allow      []string
	Sources    []string
	Patches    []source.Patch
	Files      []source.File
	Warnings   []string // about the files of options
	sourcesAt  []string // where the file has each of Sources
}

// String returns the kernel's name and architecture.
func (s Spec) String() string { return s.Name + " " + s.Arch.Name }

// Choice selects kernels of the file; an empty field selects all.
type Choice struct {
	Name    string
	Arch    string // by any of its names, see arch.Find
	Version string // a constraint that replaces the file's
}

// SourceAt returns where the file has one of s.Sources, as "kernel/kernels.toml:7", or "" where
// that is not known.
func (s Spec) SourceAt(from string) string {
	if i := slices.Index(s.Sources, from); i >= 0 && i < len(s.sourcesAt) {
		return s.sourcesAt[i]
	}
	return ""
}

// Origin returns where a value is set, by its key, as "kernel/kernels.toml:7" for
// "kernel[0].config[2]". See settings.Loaded.
type Origin func(key string) string

// Specs returns the chosen kernels of the file, whose paths are relative to dir. All faults
// of the chosen kernels come in one error of class fault.Usage; so does a choice that
// selects nothing. origin may be nil: then the faults have no lines.
func (f File) Specs(dir string, choice Choice, origin Origin) ([]Spec, error) {
	if choice.Arch != "" {
		a, err := arch.Find(choice.Arch)
		if err != nil {
			return nil, fault.Wrap(fault.Usage, err)
		}
		choice.Arch = a.Name
	}
	var specs []Spec
	var faults []string
	for i, t := range f.Kernels {
		if choice.Name != "" && choice.Name != t.Name {
			continue
		}
		if choice.Version != "" {
			t.Version = choice.Version
		}
		for _, archName := range t.Arch {
			r := tableReader{table: t, dir: dir, index: i, origin: origin, chosen: choice.Version}
			s := r.spec(archName)
			if choice.Arch == "" || choice.Arch == s.Arch.Name || len(r.faults) > 0 {
				specs, faults = append(specs, s), append(faults, r.faults...)
			}
		}
	}
	if err := f.Upstream.CheckKeys(dir); err != nil && needKeys(specs) {
		place := ""
		if origin != nil {
			place = origin("upstream.keys")
		}
		faults = append(faults, fmt.Sprintf("%supstream.keys: %v", prefix(place), err))
	}
	if faults = inOrder(faults); len(faults) > 0 {
		return nil, fault.New(fault.Usage, "", "%s", strings.Join(faults, "\n"))
	}
	if len(specs) == 0 {
		return nil, f.noneChosen(dir, choice)
	}
	return specs, nil
}

// needKeys reports whether the source of a kernel may be one whose signature is verified by the
// keys of [upstream].
func needKeys(specs []Spec) bool {
	return slices.ContainsFunc(specs, func(s Spec) bool { return slices.Contains(s.Sources, source.KernelOrg) })
}

// inOrder returns faults in the order of their lines, and each once: it may be one for each
// architecture.
func inOrder(faults []string) []string {
	line := func(text string) int {
		_, rest, _ := strings.Cut(text, ".toml:")
		number, _, _ := strings.Cut(rest, ":")
		n, _ := strconv.Atoi(number)
		return n
	}
	slices.SortFunc(faults, func(a, b string) int { return cmp.Or(line(a)-line(b), strings.Compare(a, b)) })
	return slices.Compact(faults)
}

// noneChosen returns the error of a choice that selects nothing, with what the file has.
func (f File) noneChosen(dir string, c Choice) error {
	file := filepath.Join(dir, "kernels.toml")
	if len(f.Kernels) == 0 {
		return fault.New(fault.Usage, "add a [[kernel]] with name and arch to it; kiln init writes a complete one", "choose kernels: %s has none", file)
	}
	var known []string
	for _, t := range f.Kernels {
		known = append(known, t.Name+" ("+strings.Join(t.Arch, ", ")+")")
	}
	return fault.New(fault.Usage, "choose one of them, or add the kernel to the file", "choose kernel %s: %s has %s",
		strings.TrimSpace(c.Name+" "+c.Arch), file, strings.Join(known, "; "))
}
