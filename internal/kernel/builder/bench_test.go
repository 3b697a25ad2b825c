//go:build linux

package builder

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// benchRuns is how often each side of a comparison runs, by turns.
const benchRuns = 3

// BenchmarkKernel compares ways to the same kernel, tinyconfig for amd64 out of the real
// source, by turns; and reports each comparison as a benchmark of its own. Other tools
// publish their times for tinyconfig too, and it can be built often enough.
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

// BenchmarkRelease compares builds that go on from the source before with cold ones:
// over two revisions that Debian made of one release, and over two point releases.
func BenchmarkRelease(b *testing.B) {
	e := newBenchEnv(b)
	patched, released := e.revisions(), e.releases()
	for b.Loop() {
		e.compareFollowing("patch level", patched)
		e.compareFollowing("release", released)
	}
	e.compare("PatchLevel", "patch level", "patch level, cold", 0.35)
	e.compareCPU("PointRelease", "release", "release, cold", 1.03) // one round: the wall time's noise is wider
}

// BenchmarkTogether compares two architectures at once with one after the other.
func BenchmarkTogether(b *testing.B) {
	e := newBenchEnv(b)
	for b.Loop() {
		for range togetherRuns {
			e.measure("apart", func() cost { e.nextKernel(); return e.buildInSequence() })
			e.measure("together", func() cost { e.nextKernel(); return e.buildTogether() })
		}
	}
	e.compare("Together", "together", "apart", 0.97)
	cores, err := e.cached.Engine.Info(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	e.costs["ideal"] = []cost{{wall: median(e.costs["together"], cpu) / float64(cores.CPUs)}}
	e.compare("Busy", "together", "ideal", 1.06)
}

// BenchmarkSource compares a second architecture's source with the first's.
func BenchmarkSource(b *testing.B) {
	e := newBenchEnv(b)
	r, err := firstSource(b.Context(), e.cached, e.spec(), e.cached.resolve, func(r candidate) (candidate, error) { return r, nil })
	if err != nil {
		b.Fatal(err)
	}
	fetch := func(s spec.Spec) cost {
		start := time.Now()
		if _, err := e.cached.Sources.Fetch(b.Context(), r.from, r.plan.Source, s.Patches); err != nil {
			b.Fatal(err)
		}
		return cost{wall: time.Since(start).Seconds()}
	}
	for b.Loop() {
		for range benchRuns {
			if err := e.cached.Engine.Volumes().Remove(b.Context(), source.Volume(r.plan.Source, nil)); err != nil {
				b.Fatal(err)
			}
			e.measure("first", func() cost { return fetch(e.specFor("amd64")) })
			e.measure("second", func() cost { return fetch(e.specFor("arm64")) })
		}
	}
	e.compare("Source", "second", "first", 0.01)
}

// togetherRuns is how often two architectures are built each way.
const togetherRuns = 2

// buildInSequence builds two architectures one after the other.
func (e *benchEnv) buildInSequence() (sum cost) {
	e.b.Helper()
	for _, arch := range []string{"amd64", "arm64"} {
		took := e.build(e.uncached, e.specFor(arch))
		sum.wall, sum.cpu = sum.wall+took.wall, sum.cpu+took.cpu
	}
	return sum
}

// buildTogether builds two architectures side by side.
func (e *benchEnv) buildTogether() (took cost) {
	e.b.Helper()
	start := time.Now()
	err := e.uncached.BuildAll(e.b.Context(), []spec.Spec{e.specFor("amd64"), e.specFor("arm64")}, func(r result.Result) error {
		took.cpu += e.manifest(r).CPU
		return nil
	})
	if err != nil {
		e.b.Fatal(err)
	}
	took.wall = time.Since(start).Seconds()
	return took
}

// patch writes a patch of one .c file, another one each time, and gives its path.
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

// measureRestore measures a plan that was built before, with all containers and volumes of
// it gone; and once builds the patched kernel from nothing, to compare.
func (e *benchEnv) measureRestore(n int) {
	e.b.Helper()
	s := e.spec(e.patch(n))
	defer e.removeSourceLater(s)
	if err := e.cached.Engine.Volumes().Remove(e.b.Context(), plan.Plan{Name: s.Name, Arch: "amd64"}.OutputVolume()); err != nil {
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

// removeSourceLater ends the volume of a patched source with the benchmark.
func (e *benchEnv) removeSourceLater(s spec.Spec) {
	e.b.Helper()
	p, err := e.cached.Plan(e.b.Context(), s)
	if err != nil {
		e.b.Fatal(err)
	}
	e.b.Cleanup(func() { e.cached.Engine.Volumes().Remove(context.Background(), source.Volume(p.Source, p.Patches)) })
}

// measureExtract measures how the files of a kernel come out, by Kiln, which compares each
// with its sha256, and by the docker command.
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

// extractRuns is how often that is measured in each round: it takes a moment.
const extractRuns = 5

// BenchmarkDefconfig compares a warm ccache with a cold one on a full kernel, which
// fills it.
func BenchmarkDefconfig(b *testing.B) {
	e := newBenchEnv(b)
	build := func() cost {
		e.nextKernel()
		s := e.spec()
		s.Config = []spec.Item{{Target: "defconfig"}}
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

// debianSource is an entry of the list that Kiln keeps of what Debian has.
type debianSource struct {
	Name, Full, SHA256 string
	Version            release.Version
}

func (d debianSource) ref() source.Ref {
	return source.Ref{Kind: source.Debian, Version: d.Version, URL: "debian:" + d.Name + "=" + d.Full, SHA256: d.SHA256}
}

// compareFollowing builds the second of two sources over the output of the first, and cold.
func (e *benchEnv) compareFollowing(what string, pair []source.Ref) {
	e.b.Helper()
	if pair == nil {
		return
	}
	e.nextKernel()
	e.buildFrom(pair[0])
	e.measure(what, func() cost { return e.buildFrom(pair[1]) })
	e.nextKernel()
	e.measure(what+", cold", func() cost { return e.buildFrom(pair[1]) })
	e.sameKernel(what, what+", cold")
}

// buildFrom builds the kernel out of one source, which is fetched before.
func (e *benchEnv) buildFrom(ref source.Ref) cost {
	e.b.Helper()
	ctx, s := e.b.Context(), e.spec()
	tools, err := e.cached.Images.Toolchain(ctx, s.Compiler)
	if err != nil {
		e.b.Fatal(err)
	}
	r := candidate{spec: s, from: source.Debian, plan: plan.New(s, ref, tools)}
	if _, err := e.cached.fetch(ctx, r); err != nil {
		e.b.Fatal(err)
	}
	start := time.Now()
	res, err := e.uncached.buildCandidate(ctx, r, e.uncached.Local)
	if err != nil {
		e.b.Fatal(err)
	}
	took := cost{wall: time.Since(start).Seconds()}
	took.cpu, took.compiled = e.manifest(res).CPU, e.compiled
	return took
}

// revisions gives the newest release of 6.12 that Debian has in two revisions, and
// these, the older one first; nil if there is none.
func (e *benchEnv) revisions() []source.Ref {
	return e.debianPair(func(older, newer debianSource) bool { return older.Version.Compare(newer.Version) == 0 })
}

// releases gives the two newest point releases of 6.12 that Debian has.
func (e *benchEnv) releases() []source.Ref {
	return e.debianPair(func(older, newer debianSource) bool { return older.Version.Compare(newer.Version) != 0 })
}

// debianPair gives the first two that follow each other in Debian's list of 6.12, newest
// first, and belong together; the older one first.
func (e *benchEnv) debianPair(belong func(older, newer debianSource) bool) []source.Ref {
	e.b.Helper()
	var index struct{ Packages []debianSource }
	if err := report.Read(filepath.Join(userCache(e.b), "debian-index.json"), &index); err != nil {
		e.b.Fatal(err)
	}
	list := slices.DeleteFunc(index.Packages, func(d debianSource) bool { return d.Version.Series() != "6.12" })
	for n := 1; n < len(list); n++ {
		if older, newer := list[n], list[n-1]; belong(older, newer) {
			return []source.Ref{older.ref(), newer.ref()}
		}
	}
	return nil
}
