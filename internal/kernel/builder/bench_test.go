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
	y := newBenchEnv(b)
	root := y.chroot()
	for b.Loop() {
		for n := range benchRuns {
			y.measure("chroot", func() spent { return root.build(y) })
			y.measure("cold", func() spent { y.clear(); return y.build(y.without, y.spec()) })
			y.measure("filling", func() spent { y.clear(); y.w.Local.Namespace = rand.Text(); return y.build(y.w, y.spec()) })
			y.measure("warm", func() spent { y.clear(); return y.build(y.w, y.spec()) })
			y.measure("patch", func() spent { return y.build(y.w, y.spec(y.patch(n))) })
			y.restored(n)
			y.extracted()
		}
	}
	y.sameKernel("chroot", "cold", "filling", "warm")
	y.sameKernel("patch", "patch built clean")
	y.compareCPU("Container", "cold", "chroot", 1.03)
	y.compareCPU("Filling", "filling", "cold", 1.10)
	y.compare("Warm", "warm", "cold", 0.20)
	y.compare("Patch", "patch", "cold", 0.12)
	y.compare("Restored", "restored", "cold", 0.02)
	y.compare("Extract", "extract", "docker cp", 1.1)
}

// BenchmarkRelease compares builds that go on from the source before with cold ones:
// over two revisions that Debian made of one release, and over two point releases.
func BenchmarkRelease(b *testing.B) {
	y := newBenchEnv(b)
	patched, released := y.revisions(), y.releases()
	for b.Loop() {
		y.follow("patch level", patched)
		y.follow("release", released)
	}
	y.compare("PatchLevel", "patch level", "patch level, cold", 0.35)
	y.compareCPU("PointRelease", "release", "release, cold", 1.03) // one round: the wall time's noise is wider
}

// BenchmarkTogether compares two architectures at once with one after the other.
func BenchmarkTogether(b *testing.B) {
	y := newBenchEnv(b)
	for b.Loop() {
		for range togetherRuns {
			y.measure("apart", func() spent { y.clear(); return y.each() })
			y.measure("together", func() spent { y.clear(); return y.both() })
		}
	}
	y.compare("Together", "together", "apart", 0.97)
	cores, err := y.w.Engine.Info(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	y.taken["ideal"] = []spent{{wall: median(y.taken["together"], cpu) / float64(cores.CPUs)}}
	y.compare("Busy", "together", "ideal", 1.06)
}

// BenchmarkSource compares a second architecture's source with the first's.
func BenchmarkSource(b *testing.B) {
	y := newBenchEnv(b)
	r, err := firstSource(b.Context(), y.w, y.spec(), y.w.resolve, func(r candidate) (candidate, error) { return r, nil })
	if err != nil {
		b.Fatal(err)
	}
	fetch := func(s spec.Spec) spent {
		start := time.Now()
		if _, err := y.w.Sources.Fetch(b.Context(), r.from, r.plan.Source, s.Patches); err != nil {
			b.Fatal(err)
		}
		return spent{wall: time.Since(start).Seconds()}
	}
	for b.Loop() {
		for range benchRuns {
			if err := y.w.Engine.Volumes().Remove(b.Context(), source.Volume(r.plan.Source, nil)); err != nil {
				b.Fatal(err)
			}
			y.measure("first", func() spent { return fetch(y.of("amd64")) })
			y.measure("second", func() spent { return fetch(y.of("arm64")) })
		}
	}
	y.compare("Source", "second", "first", 0.01)
}

// togetherRuns is how often two architectures are built each way.
const togetherRuns = 2

// each builds two architectures one after the other.
func (y *benchEnv) each() (sum spent) {
	y.b.Helper()
	for _, arch := range []string{"amd64", "arm64"} {
		took := y.build(y.without, y.of(arch))
		sum.wall, sum.cpu = sum.wall+took.wall, sum.cpu+took.cpu
	}
	return sum
}

// both builds two architectures side by side.
func (y *benchEnv) both() (took spent) {
	y.b.Helper()
	start := time.Now()
	err := y.without.BuildAll(y.b.Context(), []spec.Spec{y.of("amd64"), y.of("arm64")}, func(r result.Result) error {
		took.cpu += y.manifest(r).CPU
		return nil
	})
	if err != nil {
		y.b.Fatal(err)
	}
	took.wall = time.Since(start).Seconds()
	return took
}

// patch writes a patch of one .c file, another one each time, and gives its path.
func (y *benchEnv) patch(n int) string {
	y.b.Helper()
	path := filepath.Join(y.dir, fmt.Sprintf("bench%d.patch", n))
	text := fmt.Sprintf(`--- a/kernel/pid.c
+++ b/kernel/pid.c
@@ -654,7 +654,7 @@
 				PIDS_PER_CPU_DEFAULT * num_possible_cpus()));
 	pid_max_min = max_t(int, pid_max_min,
 				PIDS_PER_CPU_MIN * num_possible_cpus());
-	pr_info("pid_max: default: %%u minimum: %%u\n", pid_max, pid_max_min);
+	pr_info("pid_max: default: %%u minimum: %%u (%s %d)\n", pid_max, pid_max_min);
 
 	idr_init(&init_pid_ns.idr);
 
`, y.id, n)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		y.b.Fatal(err)
	}
	return path
}

// restored measures a plan that was built before, with all containers and volumes of
// it gone; and once builds the patched kernel from nothing, to compare.
func (y *benchEnv) restored(n int) {
	y.b.Helper()
	s := y.spec(y.patch(n))
	defer y.dropSource(s)
	if err := y.w.Engine.Volumes().Remove(y.b.Context(), plan.Plan{Name: s.Name, Arch: "amd64"}.OutputVolume()); err != nil {
		y.b.Fatal(err)
	}
	p, err := y.w.Plan(y.b.Context(), s)
	if err != nil {
		y.b.Fatal(err)
	}
	if err := y.w.Engine.RemoveImage(y.b.Context(), result.Tag(p.Folder())); err != nil {
		y.b.Fatal(err)
	}
	y.measure("restored", func() spent {
		start := time.Now()
		res, err := y.w.Build(y.b.Context(), s)
		if err != nil || res.Built {
			y.b.Fatalf("%+v, %v", res, err)
		}
		return spent{wall: time.Since(start).Seconds()}
	})
	if n == benchRuns-1 {
		y.clear()
		y.measure("patch built clean", func() spent { return y.build(y.w, s) })
	}
}

// dropSource ends the volume of a patched source with the benchmark.
func (y *benchEnv) dropSource(s spec.Spec) {
	y.b.Helper()
	p, err := y.w.Plan(y.b.Context(), s)
	if err != nil {
		y.b.Fatal(err)
	}
	y.b.Cleanup(func() { y.w.Engine.Volumes().Remove(context.Background(), source.Volume(p.Source, p.Patches)) })
}

// extracted measures how the files of a kernel come out, by Kiln, which compares each
// with its sha256, and by the docker command.
func (y *benchEnv) extracted() {
	y.b.Helper()
	res, err := y.w.Built(y.b.Context(), y.spec(y.patch(0)))
	if err != nil {
		y.b.Fatal(err)
	}
	for range extractRuns {
		y.measure("docker cp", func() spent {
			start := time.Now()
			id := strings.TrimSpace(command(y.b, "docker", "create", res.Image, "none"))
			command(y.b, "docker", "cp", id+":"+plan.ResultDir, y.b.TempDir())
			command(y.b, "docker", "rm", id)
			return spent{wall: time.Since(start).Seconds()}
		})
		if err := os.RemoveAll(y.w.Local.Dist); err != nil {
			y.b.Fatal(err)
		}
		y.measure("extract", func() spent {
			start := time.Now()
			if _, err := y.w.Folder.Extract(y.b.Context(), res); err != nil {
				y.b.Fatal(err)
			}
			return spent{wall: time.Since(start).Seconds()}
		})
	}
}

// extractRuns is how often that is measured in each round: it takes a moment.
const extractRuns = 5

// BenchmarkDefconfig compares a warm ccache with a cold one on a full kernel, which
// fills it.
func BenchmarkDefconfig(b *testing.B) {
	y := newBenchEnv(b)
	build := func() spent {
		y.clear()
		s := y.spec()
		s.Config = []spec.Item{{Target: "defconfig"}}
		return y.build(y.w, s)
	}
	for b.Loop() {
		y.measure("cold", build)
		for range benchRuns {
			y.measure("warm", build)
		}
	}
	y.sameKernel("cold", "warm")
	y.compare("Warm", "warm", "cold", 0.08)
}

// debianSource is an entry of the list that Kiln keeps of what Debian has.
type debianSource struct {
	Name, Full, SHA256 string
	Version            release.Version
}

func (d debianSource) ref() source.Ref {
	return source.Ref{Kind: source.Debian, Version: d.Version, URL: "debian:" + d.Name + "=" + d.Full, SHA256: d.SHA256}
}

// follow builds the second of two sources over the output of the first, and cold.
func (y *benchEnv) follow(what string, pair []source.Ref) {
	y.b.Helper()
	if pair == nil {
		return
	}
	y.clear()
	y.buildFrom(pair[0])
	y.measure(what, func() spent { return y.buildFrom(pair[1]) })
	y.clear()
	y.measure(what+", cold", func() spent { return y.buildFrom(pair[1]) })
	y.sameKernel(what, what+", cold")
}

// buildFrom builds the kernel out of one source, which is fetched before.
func (y *benchEnv) buildFrom(ref source.Ref) spent {
	y.b.Helper()
	ctx, s := y.b.Context(), y.spec()
	tools, err := y.w.Images.Toolchain(ctx, s.Compiler)
	if err != nil {
		y.b.Fatal(err)
	}
	r := candidate{spec: s, from: source.Debian, plan: plan.New(s, ref, tools)}
	if _, err := y.w.fetch(ctx, r); err != nil {
		y.b.Fatal(err)
	}
	start := time.Now()
	res, err := y.without.buildCandidate(ctx, r, y.without.Local)
	if err != nil {
		y.b.Fatal(err)
	}
	took := spent{wall: time.Since(start).Seconds()}
	took.cpu, took.compiled = y.manifest(res).CPU, y.compiled
	return took
}

// revisions gives the newest release of 6.12 that Debian has in two revisions, and
// these, the older one first; nil if there is none.
func (y *benchEnv) revisions() []source.Ref {
	return y.pair(func(older, newer debianSource) bool { return older.Version.Compare(newer.Version) == 0 })
}

// releases gives the two newest point releases of 6.12 that Debian has.
func (y *benchEnv) releases() []source.Ref {
	return y.pair(func(older, newer debianSource) bool { return older.Version.Compare(newer.Version) != 0 })
}

// pair gives the first two that follow each other in Debian's list of 6.12, newest
// first, and belong together; the older one first.
func (y *benchEnv) pair(belong func(older, newer debianSource) bool) []source.Ref {
	y.b.Helper()
	var index struct{ Packages []debianSource }
	if err := report.Read(filepath.Join(userCache(y.b), "debian-index.json"), &index); err != nil {
		y.b.Fatal(err)
	}
	list := slices.DeleteFunc(index.Packages, func(d debianSource) bool { return d.Version.Series() != "6.12" })
	for n := 1; n < len(list); n++ {
		if older, newer := list[n], list[n-1]; belong(older, newer) {
			return []source.Ref{older.ref(), newer.ref()}
		}
	}
	return nil
}
