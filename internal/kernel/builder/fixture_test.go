package builder

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/gobuild"
	"github.com/romanatrashyonok/kiln/internal/kernel/boot"
	"github.com/romanatrashyonok/kiln/internal/kernel/executor"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/kernel/upstream"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// newBuilder returns a builder on the real engine, for kernels.toml in dir.
func newBuilder(t testing.TB, c *report.Console, dir, cache string) *Builder {
	t.Helper()
	return builderOn(t, enginetest.Engine(t), c, dir, cache)
}

// builderOn is newBuilder on a certain engine.
func builderOn(t testing.TB, e *engine.Client, c *report.Console, dir, cache string) *Builder {
	t.Helper()
	f := spec.Defaults()
	return New(Config{
		Engine: e, Console: c, Upstream: upstream.New(f.Upstream, dir, cache, c),
		Limits: f.Build, Dir: dir, Cache: cache, Dist: t.TempDir(), Environ: os.Environ(),
		Compiler: gobuild.Compiler{Cache: filepath.Join(os.TempDir(), "kiln-test-cache"), Environ: os.Environ()},
	})
}

// testBuilder returns a builder on the real engine for the fixture tree.
func testBuilder(t *testing.T) *Builder {
	t.Helper()
	return newBuilder(t, report.New(t.Output(), t.Output(), ""), "testdata", t.TempDir())
}

// booter returns a booter for the kernels that a builder extracts.
func booter(b *Builder) *boot.Booter {
	return &boot.Booter{Engine: b.Engine, Images: b.Images, Console: b.Console, Init: boot.InitProgram{Cache: b.Sources.Cache, Environ: os.Environ()}}
}

// fixtureSpec returns a kernel of the fixture tree with these options. It starts from
// scratch, and what it leaves in the engine is removed when the test ends.
func fixtureSpec(t *testing.T, b *Builder, options ...string) spec.Spec {
	t.Helper()
	return fixtureSpecs(t, b, "testdata", spec.Table{Arch: []string{"amd64"}, Config: options})[0]
}

// fixtureSpecs returns the kernels of a table, one for each architecture, from a fixture
// tree in dir.
func fixtureSpecs(t *testing.T, b *Builder, dir string, table spec.Table) []spec.Spec {
	t.Helper()
	table.Name, table.Version, table.Source = fixtureName, "6.12", []string{"./tree"}
	table.Config = append([]string{"tinyconfig"}, table.Config...)
	specs, err := spec.File{Kernels: []spec.Table{table}}.Specs(dir, spec.Choice{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range specs {
		startFromScratch(t, b, s)
	}
	return specs
}

// fixtureName is the name of kernels of the fixture tree.
const fixtureName = "fixture"

// oneSpec returns the only kernel of a table, with its files in dir.
func oneSpec(t testing.TB, dir string, table spec.Table) spec.Spec {
	t.Helper()
	specs, err := spec.File{Kernels: []spec.Table{table}}.Specs(dir, spec.Choice{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return specs[0]
}

// removeKernel removes a kernel's results and its output volume from the engine.
func removeKernel(t *testing.T, b *Builder, s spec.Spec) {
	t.Helper()
	removeImages(t, b, s)
	if err := b.Engine.Volumes().Remove(context.Background(), executor.OutputVolume(s.Name, s.Arch.Name)); err != nil {
		t.Error(err)
	}
}

// removeImages removes a kernel's results from the engine.
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

// startFromScratch removes a kernel from the engine, now and when the test ends.
func startFromScratch(t *testing.T, b *Builder, s spec.Spec) {
	t.Helper()
	removeKernel(t, b, s)
	t.Cleanup(func() {
		removeKernel(t, b, s)
		removeSources(t, b)
	})
}

// removeSources removes the sources that came from a builder's temporary folder. Those of
// testdata are the same in every run.
func removeSources(t *testing.T, b *Builder) {
	t.Helper()
	if !filepath.IsAbs(b.Sources.Dir) {
		return
	}
	ctx := context.Background()
	list, err := b.Engine.Volumes().List(ctx, engine.Sealed)
	if err != nil {
		t.Error(err)
	}
	slices.SortFunc(list, func(a, b engine.VolumeInfo) int { return strings.Compare(b.Lower, a.Lower) }) // overlays first
	for _, v := range list {
		if strings.HasPrefix(v.Labels["kiln.url"], b.Sources.Dir+string(filepath.Separator)) {
			if err := b.Engine.Volumes().Remove(ctx, v.Name); err != nil {
				t.Error(err)
			}
		}
	}
}

// tamper runs a shell script in a container with a kernel's volumes: the output tree and
// the cache.
func tamper(t *testing.T, b *Builder, s spec.Spec, script string) {
	t.Helper()
	ctr := outputContainer(t, b, s)
	defer ctr.Remove()
	if _, err := ctr.Output(t.Context(), engine.Command{Argv: []string{"sh", "-c", script}}); err != nil {
		t.Fatal(err)
	}
}

// outputContainer starts a container with a kernel's toolchain and volumes. The caller removes
// it.
func outputContainer(t *testing.T, b *Builder, s spec.Spec) *engine.Container {
	t.Helper()
	ctr, err := b.Engine.Run(t.Context(), engine.Spec{
		Image: candidateOf(t, b, s).image.ID, Kind: "test", Command: []string{"sleep", "60"}, Offline: true,
		Mounts: []engine.Mount{{Volume: executor.OutputVolume(s.Name, s.Arch.Name), Path: plan.OutputDir}, {Volume: executor.CacheVolume(s.Arch.Name), Path: plan.CacheDir}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return ctr
}

// candidateOf returns a kernel with the source that it is built from.
func candidateOf(t testing.TB, b *Builder, s spec.Spec) candidate {
	t.Helper()
	c, err := firstSource(t.Context(), &b.resolver, s, b.resolve, func(c candidate) (candidate, error) { return c, nil })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// configOf returns the final configuration of a build.
func configOf(t *testing.T, b *Builder, r result.Result) string {
	t.Helper()
	manifestOf(t, b, r)
	text, err := os.ReadFile(filepath.Join(b.Local.Dist, "kernels", r.Folder(), "config"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// manifestOf returns a build's manifest. It removes extracted kernels first: Extract would
// leave one from an earlier build of the same plan.
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

// writeFile writes a text file.
func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
