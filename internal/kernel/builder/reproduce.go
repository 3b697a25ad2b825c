package builder

import (
	"context"
	"os"
	"path/filepath"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/reproduce"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// Reproduce builds a kernel's plan a second time, from nothing and with reproduce.Rebuild's
// variation, and compares every artefact with those in an extracted folder. Where they
// differ it builds a third time, like the first, to find out where and why.
func (b *Builder) Reproduce(ctx context.Context, s spec.Spec, folder string) (reproduce.Report, error) {
	m, err := result.CheckFolder(folder)
	if err != nil {
		return reproduce.Report{}, err
	}
	r := reproduce.Report{
		Schema: reproduce.Schema, Name: m.Name, Version: m.Version, Arch: m.Arch, Plan: m.Plan,
		Varied: reproduce.Rebuild.Names(), Artefacts: m.Reproducible(),
	}
	dir, err := os.MkdirTemp("", "kiln-reproduce-")
	if err != nil {
		return r, fault.Wrap(fault.Environment, err)
	}
	defer os.RemoveAll(dir)
	first, second, markers := filepath.Join(dir, "first"), filepath.Join(dir, "second"), reproduce.Rebuild.Markers(result.Options(folder))
	again, err := b.rebuild(ctx, s, m.Plan, second, &reproduce.Rebuild)
	if err != nil {
		return r, err
	}
	r.Seconds = again.Seconds
	if r.Differences, err = reproduce.CompareArtefacts(folder, second, r.Artefacts, markers); err != nil {
		return r, err
	}
	if r.Same = len(r.Differences) == 0; r.Same {
		return r, report.Write(filepath.Join(folder, reproduce.ReportFile), r)
	}
	b.Console.Logf("kernel %s: a second build differs; a third one, like the first, shows where", filepath.Base(folder))
	if _, err := b.rebuild(ctx, s, m.Plan, first, nil); err != nil {
		return r, err
	}
	inside, err := reproduce.CompareArtefacts(first, second, r.Artefacts, markers)
	if err != nil {
		return r, err
	}
	if len(inside) > 0 {
		r.Differences = inside
	} else {
		b.Console.Logf("kernel %s: two builds from nothing are equal: it is the one in dist/ that cannot be reproduced", filepath.Base(folder))
	}
	return r, report.Write(filepath.Join(folder, reproduce.ReportFile), r)
}

// rebuild builds a plan from nothing and without caches, and copies the artefacts, and
// vmlinux, to a folder. Nothing of it stays in the engine. A kernel whose plan is not the
// expected one any more is an error.
func (b *Builder) rebuild(ctx context.Context, s spec.Spec, hash, into string, v *reproduce.Variation) (result.Result, error) {
	jobs, err := b.Local.Jobs(ctx)
	if err != nil {
		return result.Result{}, err
	}
	return firstSource(ctx, b, s, b.resolve, func(c candidate) (r result.Result, err error) {
		if c.plan.Hash() != hash {
			return r, fault.New(fault.Usage, "go tool mage kernel extract", "the plan of kernel %s has changed since it was built", c.plan.Folder())
		}
		t := c.task()
		if t.Tree, err = b.fetch(ctx, c); err != nil {
			return r, err
		}
		t.Plan, t.Scratch, t.NoCache, t.Into = t.Plan.WithOutputSuffix("-again"), true, true, into
		if v != nil {
			t.Plan, t.Host, t.Files, t.Prepare, t.Jobs = v.Apply(t.Plan), v.Host, v.Files(), v.Prepare(), 2*jobs+1
		}
		return exclusive{b.Local, b.Results, b.acquire}.Run(ctx, t, b.Console)
	})
}
