//go:build linux

package builder

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/kernel/executor"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// benchRuns is how often each side of a comparison runs, alternately.
const benchRuns = 3

// BenchmarkKernel compares ways to build the same kernel, tinyconfig for amd64 from the
// real source, alternately, and reports each comparison as a benchmark of its own. Other
// tools publish their times for tinyconfig too, and it is small enough to build often.
func BenchmarkKernel(b *testing.B) {
	e := newBenchEnv(b)
	root := e.chroot()
	for b.Loop() {
		for n := range benchRuns {
			e.measure("chroot", func() cost { return root.build(e) })
			e.measure("cold", func() cost { e.nextKernel(); return e.build(e.uncached, e.spec()) })
			e.measure("filling", func() cost {
				e.nextKernel()
				e.cached.Local.Namespace = rand.Text()
				return e.build(e.cached, e.spec())
			})
			e.measure("warm", func() cost { e.nextKernel(); return e.build(e.cached, e.spec()) })
			e.measure("patch", func() cost { return e.build(e.cached, e.spec(e.patch(n))) })
			e.measureRestore(n)
			e.measureExtract()
		}
	}
	e.sameKernel("chroot", "cold", "filling", "warm")
	e.sameKernel("patch", "patch built clean")
	e.compareCPU("Container", "cold", "chroot", 1.03)
	e.compareCPU("Filling", "filling", "cold", 1.10)
	e.compare("Warm", "warm", "cold", 0.20)
	e.compare("Patch", "patch", "cold", 0.12)
	e.compare("Restored", "restored", "cold", 0.02)
	e.compare("Extract", "extract", "docker cp", 1.1)
}

// BenchmarkSource compares fetching the source for a second architecture with fetching it
// for the first.
func BenchmarkSource(b *testing.B) {
	e := newBenchEnv(b)
	c, err := firstSource(b.Context(), &e.cached.resolver, e.spec(), e.cached.resolve, func(c candidate) (candidate, error) { return c, nil })
	if err != nil {
		b.Fatal(err)
	}
	fetch := func(s spec.Spec) cost {
		start := time.Now()
		if _, err := e.cached.Sources.Fetch(b.Context(), c.from, c.ref, s.Patches); err != nil {
			b.Fatal(err)
		}
		return cost{wall: time.Since(start).Seconds()}
	}
	for b.Loop() {
		for range benchRuns {
			if err := e.cached.Engine.Volumes().Remove(b.Context(), source.Volume(c.ref, nil)); err != nil {
				b.Fatal(err)
			}
			e.measure("first", func() cost { return fetch(e.specFor("amd64")) })
			e.measure("second", func() cost { return fetch(e.specFor("arm64")) })
		}
	}
	e.compare("Source", "second", "first", 0.01)
}

// patch writes a patch of one .c file, a different one for each n, and returns its path.
func (e *benchEnv) patch(n int) string {
	e.b.Helper()
	path := filepath.Join(e.dir, fmt.Sprintf("bench%d.patch", n))
	text := fmt.Sprintf(`--- a/kernel/pid.c
+++ b/kernel/pid.c
@@ -654,7 +654,7 @@
 				PIDS_PER_CPU_DEFAULT * num_possible_cpus()));
 	pid_max_min = max_t(int, pid_max_min,
 				PIDS_PER_CPU_MIN * num_possible_cpus());
-	pr_info("pid_max: default: %%u minimum: %%u\n", pid_max, pid_max_min);
+	pr_info("pid_max: default: %%u minimum: %%u (%s %d)\n", pid_max, pid_max_min);
 
 	idr_init(&init_pid_ns.idr);
 
`, e.id, n)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		e.b.Fatal(err)
	}
	return path
}

// measureRestore measures a build whose result is stored, without the kernel's containers
// and volumes. In the last round it also builds the patched kernel from scratch, to compare.
func (e *benchEnv) measureRestore(n int) {
	e.b.Helper()
	s := e.spec(e.patch(n))
	defer e.removeSourceLater(s)
	if err := e.cached.Engine.Volumes().Remove(e.b.Context(), executor.OutputVolume(s.Name, "amd64")); err != nil {
		e.b.Fatal(err)
	}
	p, err := e.cached.Plan(e.b.Context(), s)
	if err != nil {
		e.b.Fatal(err)
	}
	if err := e.cached.Engine.RemoveImage(e.b.Context(), result.Tag(p.Folder())); err != nil {
		e.b.Fatal(err)
	}
	e.measure("restored", func() cost {
		start := time.Now()
		res, err := e.cached.Build(e.b.Context(), s)
		if err != nil || res.Built {
			e.b.Fatalf("%+v, %v", res, err)
		}
		return cost{wall: time.Since(start).Seconds()}
	})
	if n == benchRuns-1 {
		e.nextKernel()
		e.measure("patch built clean", func() cost { return e.build(e.cached, s) })
	}
}

// removeSourceLater removes the volume of a patched source when the benchmark ends.
func (e *benchEnv) removeSourceLater(s spec.Spec) {
	e.b.Helper()
	volume := source.Volume(candidateOf(e.b, e.cached, s).ref, s.Patches)
	e.b.Cleanup(func() { e.cached.Engine.Volumes().Remove(context.Background(), volume) })
}

// measureExtract measures the extraction of a kernel's files by Kiln, which checks each
// against its sha256, and by docker cp.
func (e *benchEnv) measureExtract() {
	e.b.Helper()
	res, err := e.cached.Built(e.b.Context(), e.spec(e.patch(0)))
	if err != nil {
		e.b.Fatal(err)
	}
	for range extractRuns {
		e.measure("docker cp", func() cost {
			start := time.Now()
			id := strings.TrimSpace(command(e.b, "docker", "create", res.Image, "none"))
			command(e.b, "docker", "cp", id+":"+plan.ResultDir, e.b.TempDir())
			command(e.b, "docker", "rm", id)
			return cost{wall: time.Since(start).Seconds()}
		})
		if err := os.RemoveAll(e.cached.Local.Dist); err != nil {
			e.b.Fatal(err)
		}
		e.measure("extract", func() cost {
			start := time.Now()
			if _, err := e.cached.Folder.Extract(e.b.Context(), res); err != nil {
				e.b.Fatal(err)
			}
			return cost{wall: time.Since(start).Seconds()}
		})
	}
}

// extractRuns is how often that is measured in each round: it is short.
const extractRuns = 5

// BenchmarkDefconfig compares a build of a full kernel from a warm ccache with one that
// fills it.
func BenchmarkDefconfig(b *testing.B) {
	e := newBenchEnv(b)
	build := func() cost {
		e.nextKernel()
		s := e.spec()
		s.Config = []plan.Item{{Target: "defconfig"}}
		return e.build(e.cached, s)
	}
	for b.Loop() {
		e.measure("cold", build)
		for range benchRuns {
			e.measure("warm", build)
		}
	}
	e.sameKernel("cold", "warm")
	e.compare("Warm", "warm", "cold", 0.08)
}
