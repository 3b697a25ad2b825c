package spec

import (
	"fmt"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
)

// tableReader reads a table for one architecture, and collects its faults.
type tableReader struct {
	table  Table
	dir    string // that paths are relative to
	index  int    // of the table in the file
	origin Origin
	chosen string // the version that replaces the file's, or ""
	faults []string
}

// at returns where a key of the table is set, or "".
func (r *tableReader) at(key string) string {
	if r.origin == nil || key == "version" && r.chosen != "" {
		return ""
	}
	return r.origin(fmt.Sprintf("kernel[%d].%s", r.index, key))
}

// add adds the faults of a key; errors that are joined are one each.
func (r *tableReader) add(key string, err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, each := range joined.Unwrap() {
			r.add(key, each)
		}
		return
	}
	if err != nil {
		r.faults = append(r.faults, fmt.Sprintf("%skernel %s: %v", prefix(r.at(key)), r.table.Name, err))
	}
}

// explainTilde adds to an error about a path why it was not found where a shell would find it.
func explainTilde(path string, err error) error {
	if err != nil && strings.HasPrefix(path, "~") {
		return fmt.Errorf("%w; write the whole path: only a shell knows what ~ means", err)
	}
	return err
}

// prefix returns what a message begins with that is about a place; "" for an unknown one.
func prefix(place string) string {
	if place == "" {
		return ""
	}
	return place + ": "
}

// item returns the key of an item of a list.
func item(key string, index int) string { return fmt.Sprintf("%s[%d]", key, index) }

// spec reads the table.
func (r *tableReader) spec(archName string) Spec {
	t := r.table
	s := Spec{Name: t.Name, Allow: t.Allow, Sources: t.Source}
	for i := range t.Source {
		if place := r.at(item("source", i)); place != "" {
			s.sourcesAt = append(s.sourcesAt, place)
		}
	}
	var err error
	s.Constraint, err = release.ParseConstraint(t.Version)
	r.add("version", err)
	s.Arch, err = arch.Find(archName)
	r.add("arch", err)
	s.Compiler, err = s.Arch.Compiler(t.Toolchain)
	r.add("toolchain", err)
	r.readConfig(&s)
	for i, path := range t.Patches {
		patches, err := source.ReadPatches(r.dir, path)
		r.add(item("patches", i), explainTilde(path, err))
		s.Patches = append(s.Patches, patches...)
	}
	r.add("patches", source.CheckTwice(s.Patches))
	s.Files = r.readFiles()
	return s
}

// readConfig reads the table's config.
func (r *tableReader) readConfig(s *Spec) {
	for i, entry := range r.table.Config {
		items, err := readItems(r.dir, entry, s.Arch)
		r.add(item("config", i), explainTilde(entry, err))
		if err != nil || len(items) == 0 {
			continue
		}
		if place := r.at(item("config", i)); items[0].Fragment == plan.Inline && place != "" {
			for range strings.Count(items[0].Text, "\n") {
				items[0].Places = append(items[0].Places, place)
			}
		}
		s.Config = join(s.Config, items)
		if items[0].Target == "" {
			s.Warnings = append(s.Warnings, r.table.warnings(r.dir, entry, items, s.Arch)...)
		}
	}
}
