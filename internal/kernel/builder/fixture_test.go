package builder

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/kernel/boot"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/kernel/upstream"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// newBuilder returns a builder on the real engine, with kernels.toml in dir.
func newBuilder(t testing.TB, c *report.Console, dir, cache string) *Builder {
	t.Helper()
	f := spec.Defaults()
	return New(Config{
		Engine: enginetest.Engine(t), Console: c, Upstream: upstream.New(f.Upstream, dir, cache, c),
		Limits: f.Build, Dir: dir, Cache: cache, Dist: t.TempDir(),
	})
}

// testBuilder returns a builder on the real engine for the stand-in tree.
func testBuilder(t *testing.T) *Builder {
	t.Helper()
	return newBuilder(t, report.New(t.Output(), t.Output(), ""), "testdata", t.TempDir())
}

// booter boots what a builder has extracted.
func booter(b *Builder) *boot.Booter {
	return &boot.Booter{Engine: b.Engine, Images: b.Images, Console: b.Console, Cache: b.Sources.Cache}
}

// fixtureSpec is a kernel of the stand-in tree with these options. What it makes in the
// engine is removed when the test ends.
func fixtureSpec(t *testing.T, b *Builder, options ...string) spec.Spec {
	t.Helper()
	return fixtureSpecs(t, b, "testdata", spec.Table{Arch: []string{"amd64"}, Config: options})[0]
}

// fixtureSpecs is the kernels of a table over the stand-in tree that lies in dir.
func fixtureSpecs(t *testing.T, b *Builder, dir string, table spec.Table) []spec.Spec {
	t.Helper()
	table.Name, table.Version, table.Source = "clay", "6.12", []string{"./tree"}
	table.Config = append([]string{"tinyconfig"}, table.Config...)
	specs, err := spec.File{Kernels: []spec.Table{table}}.Specs(dir, spec.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range specs {
		removeKernel(t, b, s)
		t.Cleanup(func() { removeKernel(t, b, s) })
	}
	return specs
}

func patchedSpec(t *testing.T, dir, patch string) spec.Spec {
	t.Helper()
	specs, err := spec.File{Kernels: []spec.Table{{Name: "clay", Version: "6.12", Arch: []string{"amd64"}, Source: []string{"./tree"}, Patches: []string{patch}}}}.Specs(dir, spec.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	return specs[0]
}

// removeKernel removes what a kernel has in the engine, but its source without patches.
func removeKernel(t *testing.T, b *Builder, s spec.Spec) {
	t.Helper()
	removeImages(t, b, s)
	if err := b.Engine.Volumes().Remove(context.Background(), plan.Plan{Name: s.Name, Arch: s.Arch.Name}.OutputVolume()); err != nil {
		t.Error(err)
	}
}

// removeImages removes the kernels, and not what they were built in.
func removeImages(t *testing.T, b *Builder, s spec.Spec) {
	t.Helper()
	ctx := context.Background()
	images, err := b.Engine.Images(ctx, "kernel", map[string]string{result.LabelName: s.Name, result.LabelArch: s.Arch.Name})
	if err != nil {
		t.Error(err)
	}
	for _, i := range images {
		if err := b.Engine.RemoveImage(ctx, i.ID); err != nil {
			t.Error(err)
		}
	}
}

// startFromScratch has a kernel begin from nothing, and leave nothing when the test ends.
func startFromScratch(t *testing.T, b *Builder, s spec.Spec) {
	t.Helper()
	removeKernel(t, b, s)
	t.Cleanup(func() { removeKernel(t, b, s) })
}

// tamper changes a kernel's output tree, or what is cached for its architecture.
func tamper(t *testing.T, b *Builder, s spec.Spec, script string) {
	t.Helper()
	p, err := b.Plan(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	in := engine.Spec{Image: p.Toolchain.Image, Kind: "test", Command: []string{"sleep", "60"}, Offline: true}
	for _, m := range p.Mounts {
		in.Mounts = append(in.Mounts, engine.Mount(m))
	}
	ctr, err := b.Engine.Run(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	defer ctr.Remove()
	if _, err := ctr.Output(t.Context(), engine.Command{Argv: []string{"sh", "-c", script}}); err != nil {
		t.Fatal(err)
	}
}

func configOf(t *testing.T, b *Builder, r result.Result) string {
	t.Helper()
	manifestOf(t, b, r)
	text, err := os.ReadFile(filepath.Join(b.Local.Dist, "kernels", r.Folder(), "config"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// manifestOf gives a build's manifest, and never that of an earlier build of the same
// plan, which is as good to Extract.
func manifestOf(t *testing.T, b *Builder, r result.Result) plan.Manifest {
	t.Helper()
	if err := os.RemoveAll(b.Local.Dist); err != nil {
		t.Fatal(err)
	}
	e, err := b.Folder.Extract(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	m, err := result.CheckFolder(e.Folder)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
