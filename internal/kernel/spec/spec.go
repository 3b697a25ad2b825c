// Package spec reads kernels.toml: which kernels a user asks for, for which
// architectures, from which sources and with which configuration. It reads the files
// that the table names and nothing else: no engine, no clock, no environment.
//
//	kernels.toml -> File -> Spec
package spec

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/upstream"
)

// File is kernels.toml: the kernels, written by people.
type File struct {
	Kernels  []Table         `toml:"kernel"`
	Build    Limits          `toml:"build"`
	Upstream upstream.Config `toml:"upstream"`
}

// Table is one [[kernel]] of the file.
type Table struct {
	Name    string   `toml:"name"`    // names its folder in dist/
	Version string   `toml:"version"` // see release.ParseWant
	Arch    []string `toml:"arch"`    // see arch.Find
	Config  []string `toml:"config"`  // targets of the kernel's own, files, CONFIG_X=y; in order
	Allow   []string `toml:"allow"`   // asked options that may end up otherwise
	Source  []string `toml:"source"`  // tried in order; see source.Check
	Patches []string `toml:"patches"` // files, applied in order
	// Toolchain is what compiles: "gcc", or "llvm". See arch.Compiler.
	Toolchain string `toml:"toolchain"`
}

// Spec is one kernel to build: a table of the file for one architecture.
type Spec struct {
	Name       string
	Constraint release.Constraint
	Arch       arch.Arch
	Compiler   arch.Compiler
	Config     []Item
	Allow      []string
	Sources    []string
	Patches    []source.Patch
}

// String names the kernel for a line of log.
func (s Spec) String() string { return s.Name + " " + s.Arch.Name }

// Item is one part of a configuration: a target of the kernel's own ("tinyconfig",
// "kvm_guest.config") or a fragment of options.
type Item struct {
	Target   string `json:"target,omitempty"`
	Fragment string `json:"fragment,omitempty"` // where it stands: "config/micro.config"
	Text     string `json:"text,omitempty"`
}

// Choice narrows the kernels of the file down; an empty field admits all.
type Choice struct {
	Name    string
	Arch    string
	Version string // replaces what the file asks for
}

// name is what a kernel may be called: it becomes part of folders and volumes.
var (
	name   = regexp.MustCompile(`^[a-z0-9][a-z0-9_.]*$`)
	target = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]*config$|^[a-z0-9][a-z0-9_-]*\.config$`)
)

// Specs gives the chosen kernels of the file whose folder is dir. Every fault of
// what was chosen is reported at once.
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
		for _, each := range t.Arch {
			s, bad := t.spec(dir, each)
			if choice.Arch == "" || choice.Arch == s.Arch.Name || len(bad) > 0 {
				specs, faults = append(specs, s), append(faults, bad...)
			}
		}
	}
	slices.Sort(faults)
	if faults = slices.Compact(faults); len(faults) > 0 {
		return nil, fault.New(fault.Usage, "", "%s", strings.Join(faults, "\n"))
	}
	if len(specs) == 0 {
		return nil, f.nothing(choice)
	}
	return specs, nil
}

// nothing says why no kernel was chosen, and which there are.
func (f File) nothing(c Choice) error {
	var known []string
	for _, t := range f.Kernels {
		known = append(known, t.Name+" ("+strings.Join(t.Arch, ", ")+")")
	}
	return fault.New(fault.Usage, "add the kernel to kernels.toml", "choose kernel %s: the file has %s",
		strings.TrimSpace(c.Name+" "+c.Arch), strings.Join(known, "; "))
}

// spec reads a table for one architecture.
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
	for _, text := range t.Config {
		items, err := readItem(dir, text, s.Arch.Name)
		add(err)
		s.Config = join(s.Config, items)
	}
	for _, path := range t.Patches {
		p, err := source.ReadPatch(dir, path)
		add(err)
		s.Patches = append(s.Patches, p)
	}
	return s, faults
}

// Inline names the fragment of the options that are written in kernels.toml itself.
const Inline = "kernels.toml"

// join appends items; single options that follow each other become one fragment.
func join(items, more []Item) []Item {
	if n := len(items); n > 0 && len(more) == 1 && more[0].Fragment == Inline && items[n-1].Fragment == Inline {
		items[n-1].Text += more[0].Text
		return items
	}
	return append(items, more...)
}

// readItem reads one entry of config. Beside a file NAME.config the file
// NAME.ARCH.config is taken along where there is one: what only this architecture
// has stands there.
func readItem(dir, text, archName string) ([]Item, error) {
	if strings.HasPrefix(text, "CONFIG_") || strings.HasPrefix(text, "# CONFIG_") {
		return []Item{{Fragment: Inline, Text: text + "\n"}}, nil
	}
	path := filepath.Join(dir, text)
	if _, err := os.Stat(path); err != nil {
		if target.MatchString(text) && !strings.Contains(text, "/") {
			return []Item{{Target: text}}, nil
		}
		return nil, fmt.Errorf(`config %q: expected a target as "tinyconfig", a file of %s, or CONFIG_NAME=value`, text, dir)
	}
	items := []Item{}
	for _, each := range []string{text, strings.TrimSuffix(text, ".config") + "." + archName + ".config"} {
		content, err := os.ReadFile(filepath.Join(dir, each))
		if err != nil && each != text {
			continue // no companion
		}
		if err != nil {
			return nil, err
		}
		items = append(items, Item{Fragment: each, Text: string(content)})
	}
	return items, nil
}

// Asked gives every option that the configuration asks for, or all its faults.
func (s Spec) Asked() ([]kconfig.Option, error) {
	var asked []kconfig.Option
	var faults []string
	for _, item := range s.Config {
		options, bad := kconfig.Parse(item.Fragment, item.Text)
		if item.Fragment == Inline { // the line is one of the text, not of the file
			for i := range options {
				options[i].Where = Inline + ", kernel " + s.Name
			}
		}
		asked = append(asked, options...)
		for _, err := range bad {
			faults = append(faults, err.Error())
		}
	}
	if len(faults) > 0 {
		return nil, fault.New(fault.Usage, "", "%s", strings.Join(faults, "\n"))
	}
	return asked, nil
}
