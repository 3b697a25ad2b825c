package builder

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// materials are the patches and files on this machine.
type materials struct {
	specs []spec.Spec
	dir   string // the folder of the plan
}

// patches completes a spec with the patches of a plan.
func (m materials) patches(p plan.Plan, s *spec.Spec) error {
	for _, want := range p.Patches {
		found, ok := m.patch(want)
		if !ok {
			return fault.New(fault.Usage, "put it into "+m.dir, "find patch %s: no patch of kernels.toml, and no file beside the plan, has the sha256 %s", want.Name, want.SHA256)
		}
		found.Name = want.Name
		s.Patches = append(s.Patches, found)
	}
	return nil
}

// patch finds a patch by its sha256.
func (m materials) patch(want plan.Patch) (found source.Patch, ok bool) {
	var known []source.Patch
	for _, s := range m.specs {
		known = append(known, s.Patches...)
	}
	for _, name := range m.besidePatches(want.Name) {
		beside, _ := source.ReadPatches(m.dir, name) // one that cannot be read is not it
		known = append(known, beside...)
	}
	n := slices.IndexFunc(known, func(p source.Patch) bool { return p.SHA256 == want.SHA256 })
	if n < 0 {
		return found, false
	}
	return known[n], true
}

// besidePatches returns the files in the plan's folder that may have a patch: first the one with its
// name.
func (m materials) besidePatches(name string) (list []string) {
	if filepath.IsLocal(name) {
		list = append(list, name)
	}
	for _, pattern := range []string{"*.patch*", "*.diff*"} {
		found, _ := fs.Glob(os.DirFS(m.dir), pattern) // the pattern is good
		list = append(list, found...)
	}
	return list
}

// files completes a spec with the files of a plan.
func (m materials) files(p plan.Plan, s *spec.Spec) error {
	for _, want := range p.Files {
		found, ok := m.file(want)
		if !ok {
			return fault.New(fault.Usage, "put it into "+m.dir, "find file %s of the plan: neither kernels.toml nor the plan's folder has one with the sha256 %s", want.Path, cmp.Or(want.SHA256, "of a folder"))
		}
		s.Files = append(s.Files, found)
	}
	return nil
}

// file finds a file by its path in the source and its sha256.
func (m materials) file(want plan.File) (found source.File, ok bool) {
	same := func(f source.File) bool { return f.Path == want.Path && f.Mode == want.Mode && f.SHA256 == want.SHA256 }
	for _, s := range m.specs {
		if n := slices.IndexFunc(s.Files, same); n >= 0 {
			return s.Files[n], true
		}
	}
	if !filepath.IsLocal(want.Path) {
		return found, false
	}
	for _, name := range []string{want.Path, filepath.Base(want.Path)} {
		beside, err := source.ReadFiles(m.dir, want.Path, name)
		if n := slices.IndexFunc(beside, same); err == nil && n >= 0 {
			return beside[n], true
		}
	}
	return found, false
}
