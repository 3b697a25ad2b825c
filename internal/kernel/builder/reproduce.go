package builder

import (
	"context"
	"path/filepath"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/reproduce"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/report"
	"github.com/romanatrashyonok/kiln/internal/scratch"
)

// Reproduce builds a kernel's plan a second time, from scratch and with the variation
// reproduce.Rebuild, and compares every artefact with those in folder, an extracted
// kernel. Where they differ it builds a third time, without the variation, to locate and
// explain the differences. The report is returned and written to folder; differences are
// not an error here: see reproduce.Report.Err. A damaged folder is an error of class
// fault.Failed, a plan that has changed since one of class fault.Usage.
func (b *Builder) Reproduce(ctx context.Context, s spec.Spec, folder string) (reproduce.Report, error) {
	m, err := result.CheckFolder(folder)
	if err != nil {
		return reproduce.Report{}, err
	}
	r := reproduce.Report{
		Schema: reproduce.Schema, Name: m.Name, Version: m.Version, Arch: m.Arch, Plan: m.Plan,
		Varied: reproduce.Rebuild.Names(), Artefacts: m.Reproducible(),
	}
	dir, remove, err := scratch.Dir("reproduce")
	if err != nil {
		return r, err
	}
	defer remove()
	second, markers := filepath.Join(dir, "second"), reproduce.Rebuild.Markers(result.Options(folder))
	rebuilt, err := b.rebuild(ctx, s, m.Plan, second, &reproduce.Rebuild)
	if err != nil {
		return r, err
	}
	r.Seconds = rebuilt.Seconds
	if r.Differences, err = reproduce.CompareArtefacts(folder, second, r.Artefacts, markers); err != nil {
		return r, err
	}
	if r.Same = len(r.Differences) == 0; !r.Same {
		if err := b.locate(ctx, s, &r, filepath.Join(dir, "first"), second, markers); err != nil {
			return r, err
		}
	}
	return r, report.Write(filepath.Join(folder, reproduce.ReportFile), r)
}

// locate builds a report's plan once more, without the variation, to the folder first, and
// replaces the report's differences by those from the second build, which are located
// within vmlinux.
func (b *Builder) locate(ctx context.Context, s spec.Spec, r *reproduce.Report, first, second string, markers reproduce.Markers) error {
	b.Console.Logf("kernel %s: the second build differs; a third build, without the variation, locates the differences", r.Folder())
	if _, err := b.rebuild(ctx, s, r.Plan, first, nil); err != nil {
		return err
	}
	located, err := reproduce.CompareArtefacts(first, second, r.Artefacts, markers)
	if err != nil {
		return err
	}
	if len(located) > 0 {
		r.Differences = located
	} else {
		b.Console.Logf("kernel %s: two builds from scratch are identical: the kernel in dist/ is the one that is not reproducible", r.Folder())
	}
	return nil
}

// rebuild builds a plan from scratch and without caches, with a variation unless v is nil,
// and copies the artefacts and vmlinux to the folder into. It keeps nothing in the engine.
// If the kernel's plan no longer has this hash, it returns an error of class fault.Usage.
func (b *Builder) rebuild(ctx context.Context, s spec.Spec, hash, into string, v *reproduce.Variation) (result.Result, error) {
	jobs, err := b.Local.Jobs(ctx)
	if err != nil {
		return result.Result{}, err
	}
	return firstSource(ctx, &b.resolver, s, b.resolve, func(c candidate) (r result.Result, err error) {
		if c.plan.Hash() != hash {
			return r, fault.New(fault.Usage, "rebuild it: go tool mage kernel extract", "reproduce kernel %s: its plan has changed since it was built", c.plan.Folder())
		}
		t := c.task()
		if t.Tree, err = b.fetch(ctx, c); err != nil {
			return r, err
		}
		t.Suffix, t.Scratch, t.NoCache, t.Into = "-again", true, true, into
		if v != nil {
			t.Plan, t.Host, t.Files, t.Prepare, t.Jobs = v.Apply(t.Plan), v.Host, v.Files(), v.Prepare(), 2*jobs+1
		}
		return exclusive{b.Local, b.Results, b.acquire}.Run(ctx, t, b.Console)
	})
}
