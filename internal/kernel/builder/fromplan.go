package builder

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/executor"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/planner"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// ReadPlans reads the plans in a file, one JSON document after the other, as kernel:plan prints
// them.
func ReadPlans(name string) ([]plan.Plan, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fault.New(fault.Usage, "KILN_OUTPUT=json go tool mage kernel:plan prints plans", "read the plan: %w", err)
	}
	defer f.Close()
	var list []plan.Plan
	in := json.NewDecoder(f)
	in.DisallowUnknownFields() // of a newer Kiln: the hash would be a different one
	for {
		var p plan.Plan
		err := in.Decode(&p)
		if errors.Is(err, io.EOF) && len(list) > 0 {
			return list, nil
		}
		if err == nil {
			err = p.Check()
		}
		if err != nil {
			return nil, fault.New(fault.Usage, "print it with KILN_OUTPUT=json go tool mage kernel:plan", "read plan %d of %s: %w", len(list)+1, name, err)
		}
		list = append(list, p)
	}
}

// BuildPlan builds a plan that was printed here or elsewhere, or takes its stored result. Patches
// and files are searched by their sha256 among those of specs, and beside the plan in dir. What
// this machine cannot provide as the plan has it is an error that names it: the source, a patch, a
// file, the toolchain.
func (b *Builder) BuildPlan(ctx context.Context, p plan.Plan, specs []spec.Spec, dir string) (result.Result, error) {
	start := time.Now()
	c, err := b.candidateOf(ctx, p, specs, dir)
	if err != nil {
		return result.Of(p), err
	}
	r, err := b.buildCandidate(ctx, c, b.Local)
	r.Seconds = time.Since(start).Seconds()
	return r, err
}

// candidateOf returns the candidate that a plan describes.
func (r *resolver) candidateOf(ctx context.Context, p plan.Plan, specs []spec.Spec, dir string) (c candidate, err error) {
	c = candidate{plan: p, spec: spec.Spec{Name: p.Name, Config: p.Config, Allow: p.Allow}}
	if c.spec.Arch, err = arch.Find(p.Arch); err != nil {
		return c, fault.Wrap(fault.Usage, err)
	}
	compiler := arch.GCC
	if p.Toolchain.Name == arch.LLVM {
		compiler = arch.LLVM
	}
	if c.spec.Compiler, err = c.spec.Arch.Compiler(compiler); err != nil {
		return c, fault.Wrap(fault.Usage, err)
	}
	have := materials{specs, dir}
	if err := errors.Join(have.patches(p, &c.spec), have.files(p, &c.spec)); err != nil {
		return c, err
	}
	if c.from, c.ref, err = sourceOf(p.Source, r.Sources.Dir); err != nil {
		return c, err
	}
	if again := planner.New(c.spec, c.ref, p.Toolchain); again.Hash() != p.Hash() {
		return c, fault.New(fault.Usage, "make the plan again with this version of Kiln: go tool mage kernel:plan",
			"read the plan of kernel %s: this version of Kiln makes a different one of its inputs: %s", p.Folder(), planner.Reason(again, p))
	}
	tools, err := r.Images.Exactly(ctx, c.spec.Compiler, p.Toolchain)
	c.image = executor.Image{ID: tools.ID, Base: tools.From}
	return c, err
}

// sourceOf returns the source of a plan, with its spelling in kernels.toml, whose folder is dir.
func sourceOf(s plan.Source, dir string) (from string, ref source.Ref, err error) {
	version, err := release.Parse(s.Version)
	if err != nil {
		return "", ref, fault.New(fault.Usage, "", "read the plan: %w", err)
	}
	ref = source.Ref{Kind: s.Kind, Version: version, URL: s.URL, SHA256: s.SHA256, Commit: s.Commit, Tag: s.Tag}
	switch s.Kind {
	case source.KernelOrg:
		return s.Kind, ref, nil
	case source.Debian:
		if !debianPackage.MatchString(s.URL) {
			return "", ref, fault.New(fault.Usage, "", "read the plan's source: expected debian:linux-source-...=VERSION, got %q", s.URL)
		}
		return s.Kind, ref, nil
	case source.Git:
		return "git+" + s.URL, ref, fault.Wrap(fault.Usage, source.Check("git+"+s.URL))
	case source.Folder, source.Tarball:
	default:
		return "", ref, fault.New(fault.Usage, "", "read the plan's source: unknown kind %q", s.Kind)
	}
	local := s.URL
	if !filepath.IsAbs(local) {
		local = filepath.Join(dir, local)
	}
	if _, err := os.Stat(local); err != nil {
		return "", ref, fault.New(fault.Usage, "put the same source there, or change source.url in the plan: it is not part of the plan's hash",
			"read the plan's source, a %s with the sha256 %.12s: %w", s.Kind, s.SHA256, err)
	}
	return s.URL, ref, nil
}

// debianPackage is the form of the URL of a source of Debian.
var debianPackage = regexp.MustCompile(`^debian:linux-source-[0-9.]+=[0-9][0-9A-Za-z.+~:-]*$`)

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
	if filepath.IsLocal(want.Name) {
		beside, _ := source.ReadPatches(m.dir, want.Name) // one that cannot be read is not it
		known = append(known, beside...)
	}
	n := slices.IndexFunc(known, func(p source.Patch) bool { return p.SHA256 == want.SHA256 })
	if n < 0 {
		return found, false
	}
	return known[n], true
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
	beside, err := source.ReadFiles(m.dir, want.Path, filepath.Base(want.Path))
	if n := slices.IndexFunc(beside, same); err == nil && n >= 0 {
		return beside[n], true
	}
	return found, false
}
