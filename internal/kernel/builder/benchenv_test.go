//go:build linux

package builder

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/kernel/executor"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// benchEnv measures builds of the real source, with kernels and ccache entries of its own.
type benchEnv struct {
	b        *testing.B
	cached   *Builder // with ccache
	uncached *Builder
	dir      string
	id       string            // contained in the patches, so that they are new
	costs    map[string][]cost // by what was measured
	images   map[string]string // sha256 of the image that was built, by what was measured
	outputs  int               // number of output trees used
	last     string            // sha256 of the last image
	compiled int               // C files compiled for it
}

// newBenchEnv returns a benchEnv with the source fetched.
func newBenchEnv(b *testing.B) *benchEnv {
	b.Helper()
	console := report.New(os.Stderr, os.Stderr, "")
	e := &benchEnv{
		b: b, cached: newBuilder(b, console, ".", userCache(b)), uncached: newBuilder(b, console, ".", userCache(b)),
		dir: b.TempDir(), id: rand.Text(), costs: map[string][]cost{}, images: map[string]string{},
	}
	e.cached.Local.Namespace, e.uncached.Local.Limits.CCache = rand.Text(), "0"
	if _, err := e.cached.Fetch(b.Context(), e.spec()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(e.remove)
	return e
}

// userCache returns the folder for downloads that the targets use too.
func userCache(b *testing.B) string {
	b.Helper()
	dir, err := os.UserCacheDir()
	if err != nil {
		b.Fatal(err)
	}
	return filepath.Join(dir, "kiln")
}

// spec returns the current kernel for amd64, with patches.
func (e *benchEnv) spec(patches ...string) spec.Spec {
	return e.specOf(spec.Table{Arch: []string{"amd64"}, Version: "6.12", Patches: patches})
}

// specFor returns the current kernel for an architecture.
func (e *benchEnv) specFor(arch string) spec.Spec {
	return e.specOf(spec.Table{Arch: []string{arch}, Version: "6.12"})
}

// specOf completes a table and returns its kernel.
func (e *benchEnv) specOf(t spec.Table) spec.Spec {
	e.b.Helper()
	t.Name, t.Source, t.Config = e.name(), []string{"debian"}, []string{"tinyconfig", "CONFIG_PRINTK=y"} // the patch changes a message
	return oneSpec(e.b, ".", t)
}

// name returns the name of the current kernel.
func (e *benchEnv) name() string { return fmt.Sprintf("bench%d", e.outputs) }

// nextKernel switches to a kernel of a new name, which has no output tree and no result.
// The output trees are removed at the end: ext4 creates files slowly where many were
// removed within the last minutes.
func (e *benchEnv) nextKernel() { e.outputs++ }

// remove removes the output trees and the results of all kernels.
func (e *benchEnv) remove() {
	e.b.Helper()
	for n := range e.outputs + 1 {
		name := fmt.Sprintf("bench%d", n)
		for _, arch := range []string{"amd64", "arm64"} {
			if err := e.cached.Engine.Volumes().Remove(context.Background(), executor.OutputVolume(name, arch)); err != nil {
				e.b.Error(err)
			}
		}
		images, err := e.cached.Engine.Images(context.Background(), "kernel", map[string]string{result.LabelName: name})
		if err != nil {
			e.b.Error(err)
		}
		for _, i := range images {
			if err := e.cached.Engine.RemoveImage(context.Background(), i.ID); err != nil {
				e.b.Error(err)
			}
		}
	}
}

// measure records and prints the cost of do.
func (e *benchEnv) measure(what string, do func() cost) {
	e.b.Helper()
	took := do()
	e.costs[what] = append(e.costs[what], took)
	e.images[what] = e.last
	fmt.Fprintf(os.Stderr, "measured %s: %.1f s, %.1f s of processor time, %d files compiled\n", what, took.wall, took.cpu, took.compiled)
}

// build builds a kernel and returns the cost; the processor time is from its manifest.
func (e *benchEnv) build(builder *Builder, s spec.Spec) cost {
	e.b.Helper()
	start := time.Now()
	res, err := builder.Build(e.b.Context(), s)
	if err != nil {
		e.b.Fatal(err)
	}
	took := cost{wall: time.Since(start).Seconds()}
	took.cpu, took.compiled = e.manifest(res).CPU, e.compiled
	return took
}

// manifest extracts a result and returns its manifest. It sets last and compiled.
func (e *benchEnv) manifest(r result.Result) plan.Manifest {
	e.b.Helper()
	if err := os.RemoveAll(e.cached.Local.Dist); err != nil { // it may have the same plan, built in a different way
		e.b.Fatal(err)
	}
	extracted, err := e.cached.Folder.Extract(e.b.Context(), r)
	if err != nil {
		e.b.Fatal(err)
	}
	m, err := result.CheckFolder(extracted.Folder)
	if err != nil {
		e.b.Fatal(err)
	}
	log, err := os.ReadFile(filepath.Join(extracted.Folder, plan.LogFile))
	if err != nil {
		e.b.Fatal(err)
	}
	e.last, e.compiled = m.SumOf("bzImage"), bytes.Count(log, []byte("\n  CC "))
	return m
}
