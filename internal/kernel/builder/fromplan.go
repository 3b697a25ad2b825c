package builder

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
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
	for in := json.NewDecoder(f); ; {
		var text json.RawMessage
		var p plan.Plan
		err := in.Decode(&text)
		if errors.Is(err, io.EOF) && len(list) > 0 {
			return list, nil
		}
		if err == nil {
			p, err = readPlan(text)
		}
		if err != nil {
			return nil, fault.New(fault.Usage, "print it with KILN_OUTPUT=json go tool mage kernel:plan", "read plan %d of %s: %w", len(list)+1, name, err)
		}
		list = append(list, p)
	}
}

// readPlan reads a plan of this schema. A field that is unknown here may decide the result.
func readPlan(text []byte) (p plan.Plan, err error) {
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	if err = strict.Decode(&p); err != nil && (p.Schema == plan.Schema || p.Schema == "") {
		return p, err
	}
	return p, p.Check()
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
	if t, want := p.Toolchain, c.spec.Compiler; t.Name != want.Image || t.CC != want.CC || t.LD != want.LD {
		return c, fault.New(fault.Usage, "", "read the plan: expected the toolchain %s, with %s and %s, for %s; got %q, %q and %q", want.Image, want.CC, want.LD, p.Arch, t.Name, t.CC, t.LD)
	}
	if err := checkAsked(c.spec); err != nil {
		return c, fault.New(fault.Usage, "", "read the plan: %w", err)
	}
	have := materials{specs, dir}
	if err := errors.Join(have.patches(p, &c.spec), have.files(p, &c.spec)); err != nil {
		return c, err
	}
	if c.from, c.ref, err = sourceOf(p.Source); err != nil {
		return c, err
	}
	tools, err := r.Images.Exactly(ctx, c.spec.Compiler, p.Toolchain)
	if err != nil {
		return c, err
	}
	c.image = executor.Image{ID: tools.ID, Base: tools.From}
	own := planner.New(c.spec, c.ref, p.Toolchain)
	if c.apart = own.Hash() != p.Hash(); c.apart {
		r.Console.Logf("kernel %s: this version of Kiln would plan it otherwise: it is built apart from all others, without ccache; the plan has %s", p.Folder(), planner.Reason(own, p))
	}
	return c, nil
}

// checkAsked returns an error unless kernels.toml could ask for a configuration so.
func checkAsked(s spec.Spec) error {
	for _, item := range s.Config {
		if err := spec.CheckTarget(item); err != nil {
			return err
		}
	}
	_, err := s.Asked()
	return err
}

// sourceOf returns the source of a plan, with its spelling in kernels.toml.
func sourceOf(s plan.Source) (from string, ref source.Ref, err error) {
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
			return "", ref, fault.New(fault.Usage, "", "read the plan: expected the source debian:linux-source-...=VERSION, got %q", s.URL)
		}
		return s.Kind, ref, nil
	case source.Git:
		from = "git+" + s.URL
		return from, ref, fault.Wrap(fault.Usage, source.Check(from))
	case source.Folder, source.Tarball:
		from, err = localSource(s)
		return from, ref, err
	}
	return "", ref, fault.New(fault.Usage, "", "read the plan: expected a source of kind %s, %s, %s, %s or %s, got %q",
		source.KernelOrg, source.Debian, source.Git, source.Folder, source.Tarball, s.Kind)
}

// debianPackage is the form of the URL of a source of Debian.
var debianPackage = regexp.MustCompile(`^debian:linux-source-[0-9.]+=[0-9][0-9A-Za-z.+~:-]*$`)

// localSource returns the whole path of a source on this machine. A plan has it as seen from the
// project's folder, kernels.toml as seen from its own.
func localSource(s plan.Source) (string, error) {
	path, err := filepath.Abs(s.URL)
	if err == nil {
		_, err = os.Stat(path)
	}
	if err == nil && s.URL == "" {
		err = errors.New("the plan has no source.url")
	}
	if err != nil {
		return "", fault.New(fault.Usage, "put the same source there, or change source.url in the plan: it is not part of the plan's hash",
			"read the plan's source, a %s with the sha256 %.12s: %w", s.Kind, s.SHA256, err)
	}
	return path, nil
}
