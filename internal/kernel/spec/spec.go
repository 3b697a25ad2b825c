// Package spec reads kernels.toml: which kernels a user asks for, for which
// architectures, from which sources and with which configuration. It reads the files
// that the table names and nothing else: no engine, no clock, no environment.
//
//	kernels.toml -> File -> Spec
package spec

import (
	"fmt"
	"path/filepath"
	"slices"
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
}

// String returns the kernel's name and architecture.
func (s Spec) String() string { return s.Name + " " + s.Arch.Name }

// Choice selects kernels of the file; an empty field selects all.
type Choice struct {
	Name    string
	Arch    string // by any of its names, see arch.Find
	Version string // a constraint that replaces the file's
}

// Specs returns the chosen kernels of the file, whose paths are relative to dir. All faults
// of the chosen kernels come in one error of class fault.Usage; so does a choice that
// selects nothing.
func (f File) Specs(dir string, choice Choice) ([]Spec, error) {
	if choice.Arch != "" {
		a, err := arch.Find(choice.Arch)
		if err != nil {
			return nil, fault.Wrap(fault.Usage, err)
		}
		choice.Arch = a.Name
	}
	var specs []Spec
	var faults []string
	for _, t := range f.Kernels {
		if choice.Name != "" && choice.Name != t.Name {
			continue
		}
		if choice.Version != "" {
			t.Version = choice.Version
		}
		for _, archName := range t.Arch {
			s, invalid := t.spec(dir, archName)
			if choice.Arch == "" || choice.Arch == s.Arch.Name || len(invalid) > 0 {
				specs, faults = append(specs, s), append(faults, invalid...)
			}
		}
	}
	slices.Sort(faults)
	if faults = slices.Compact(faults); len(faults) > 0 {
		return nil, fault.New(fault.Usage, "", "%s", strings.Join(faults, "\n"))
	}
	if len(specs) == 0 {
		return nil, f.noneChosen(dir, choice)
	}
	return specs, nil
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

// spec reads a table for one architecture, and returns the faults that it finds.
func (t Table) spec(dir, archName string) (Spec, []string) {
	s := Spec{Name: t.Name, Allow: t.Allow, Sources: t.Source}
	var faults []string
	add := func(err error) {
		if err != nil {
			faults = append(faults, fmt.Sprintf("kernel %s: %v", t.Name, err))
		}
	}
	var err error
	s.Constraint, err = release.ParseConstraint(t.Version)
	add(err)
	s.Arch, err = arch.Find(archName)
	add(err)
	s.Compiler, err = s.Arch.Compiler(t.Toolchain)
	add(err)
	for _, entry := range t.Config {
		items, err := readItems(dir, entry, s.Arch)
		add(err)
		s.Config = join(s.Config, items)
		if err == nil && items[0].Target == "" {
			s.Warnings = append(s.Warnings, t.warnings(dir, entry, items, s.Arch)...)
		}
	}
	for _, path := range t.Patches {
		patches, err := source.ReadPatches(dir, path)
		add(err)
		s.Patches = append(s.Patches, patches...)
	}
	add(source.CheckTwice(s.Patches))
	s.Files, err = t.readFiles(dir)
	add(err)
	return s, faults
}
