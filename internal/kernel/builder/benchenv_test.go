//go:build linux

package builder

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// spent is what a build took.
type spent struct {
	wall, cpu float64 // seconds
	compiled  int     // C files
}

// benchEnv is where builds are measured: kernels of its own, ccache entries of its own,
// the real source.
type benchEnv struct {
	b        *testing.B
	w        *Builder // with ccache
	without  *Builder
	dir      string
	id       string             // stands in the patches, so that no earlier run had them
	taken    map[string][]spent // by what was measured
	images   map[string]string  // sha256 of the kernel that came of it
	last     string             // of the kernel that was built last
	outputs  int                // how many have been begun
	compiled int                // C files for it
}

func newBenchEnv(b *testing.B) *benchEnv {
	b.Helper()
	console := report.New(os.Stderr, os.Stderr, "")
	w, without := newBuilder(b, console, ".", userCache(b)), newBuilder(b, console, ".", userCache(b))
	w.Local.Namespace, without.Local.Limits.CCache = rand.Text(), "0"
	y := &benchEnv{b: b, w: w, without: without, dir: b.TempDir(), id: rand.Text(), taken: map[string][]spent{}, images: map[string]string{}}
	if _, err := w.Fetch(b.Context(), y.spec()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(y.remove)
	return y
}

// userCache is the folder of downloads that the targets have too.
func userCache(b *testing.B) string {
	b.Helper()
	dir, err := os.UserCacheDir()
	if err != nil {
		b.Fatal(err)
	}
	return filepath.Join(dir, "kiln")
}

// spec is the kernel that is measured, perhaps with patches.
func (y *benchEnv) spec(patches ...string) spec.Spec {
	return y.specOf(spec.Table{Arch: []string{"amd64"}, Version: "6.12", Patches: patches})
}

func (y *benchEnv) of(arch string) spec.Spec {
	return y.specOf(spec.Table{Arch: []string{arch}, Version: "6.12"})
}

func (y *benchEnv) specOf(t spec.Table) spec.Spec {
	y.b.Helper()
	t.Name, t.Source, t.Config = y.name(), []string{"debian"}, []string{"tinyconfig", "CONFIG_PRINTK=y"} // the patch changes what is printed
	specs, err := spec.File{Kernels: []spec.Table{t}}.Specs(".", spec.Choice{})
	if err != nil {
		y.b.Fatal(err)
	}
	return specs[0]
}

// name is the kernel's that is measured now.
func (y *benchEnv) name() string { return fmt.Sprintf("bench%d", y.outputs) }

// clear begins a kernel of another name, which has neither an output nor a result. What
// the one before left is removed at the end: ext4 is slow to make files where many were
// removed within the last minutes.
func (y *benchEnv) clear() { y.outputs++ }

// remove removes the outputs and the results of all that was measured.
func (y *benchEnv) remove() {
	y.b.Helper()
	for n := range y.outputs + 1 {
		name := fmt.Sprintf("bench%d", n)
		for _, arch := range []string{"amd64", "arm64"} {
			if err := y.w.Engine.Volumes().Remove(context.Background(), plan.Plan{Name: name, Arch: arch}.OutputVolume()); err != nil {
				y.b.Error(err)
			}
		}
		images, err := y.w.Engine.Images(context.Background(), "kernel", map[string]string{result.LabelName: name})
		if err != nil {
			y.b.Error(err)
		}
		for _, i := range images {
			if err := y.w.Engine.RemoveImage(context.Background(), i.ID); err != nil {
				y.b.Error(err)
			}
		}
	}
}

// measure takes down what something took, and says so.
func (y *benchEnv) measure(what string, do func() spent) {
	y.b.Helper()
	took := do()
	y.taken[what] = append(y.taken[what], took)
	y.images[what] = y.last
	fmt.Fprintf(os.Stderr, "measured %s: %.1f s, %.1f s of processor time, %d files compiled\n", what, took.wall, took.cpu, took.compiled)
}

// build builds a kernel; its processor time stands in its manifest.
func (y *benchEnv) build(w *Builder, s spec.Spec) spent {
	y.b.Helper()
	start := time.Now()
	res, err := w.Build(y.b.Context(), s)
	if err != nil {
		y.b.Fatal(err)
	}
	took := spent{wall: time.Since(start).Seconds()}
	took.cpu, took.compiled = y.manifest(res).CPU, y.compiled
	return took
}

func (y *benchEnv) manifest(r result.Result) plan.Manifest {
	y.b.Helper()
	if err := os.RemoveAll(y.w.Local.Dist); err != nil { // the folder of the same plan, built another way
		y.b.Fatal(err)
	}
	e, err := y.w.Folder.Extract(y.b.Context(), r)
	if err != nil {
		y.b.Fatal(err)
	}
	m, err := result.CheckFolder(e.Folder)
	if err != nil {
		y.b.Fatal(err)
	}
	log, err := os.ReadFile(filepath.Join(e.Folder, plan.LogFile))
	if err != nil {
		y.b.Fatal(err)
	}
	y.last, y.compiled = m.SumOf("bzImage"), bytes.Count(log, []byte("\n  CC "))
	return m
}

// sameKernel fails if ways to one plan gave kernels that differ.
func (y *benchEnv) sameKernel(ways ...string) {
	y.b.Helper()
	for _, way := range ways[1:] {
		if y.images[way] != y.images[ways[0]] {
			y.b.Errorf("the kernels differ: %s gave %s, %s gave %s", ways[0], y.images[ways[0]], way, y.images[way])
		}
	}
}

// wall and cpu choose what a comparison is judged by.
func wall(s spent) float64 { return s.wall }
func cpu(s spent) float64  { return s.cpu }

// compare reports the medians of two ways' wall time as a benchmark.
func (y *benchEnv) compare(name, ours, theirs string, bound float64) {
	y.report(name, ours, theirs, bound, wall, 0)
}

// compareCPU does so with their processor time, where the wall time's noise is wider
// than the bound.
func (y *benchEnv) compareCPU(name, ours, theirs string, bound float64) {
	y.report(name, ours, theirs, bound, cpu, 1)
}

func (y *benchEnv) report(name, ours, theirs string, bound float64, by func(spent) float64, processor float64) {
	y.b.Run(name, func(b *testing.B) {
		for b.Loop() {
		}
		if len(y.taken[ours]) == 0 || len(y.taken[theirs]) == 0 {
			b.Skipf("LEFT OUT: %s or %s was not measured", ours, theirs)
		}
		b.ReportMetric(median(y.taken[ours], by), "ours-s")
		b.ReportMetric(median(y.taken[theirs], by), "theirs-s")
		b.ReportMetric(bound, "bound")
		b.ReportMetric(float64(len(y.taken[ours])), "runs")
		b.ReportMetric(processor, "by-processor")
	})
}

func median(list []spent, by func(spent) float64) float64 {
	var values []float64
	for _, s := range list {
		values = append(values, by(s))
	}
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}
