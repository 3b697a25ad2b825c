//go:build linux

package builder

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/kernel/executor"
	"github.com/romanatrashyonok/kiln/internal/kernel/planner"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// BenchmarkRelease compares incremental builds from one source to the next with cold ones:
// between two revisions of one release in Debian, and between two point releases.
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

// debianSource is an entry of Kiln's cached index of Debian's source packages.
type debianSource struct {
	Name, Full, SHA256 string
	Version            release.Version
}

func (d debianSource) ref() source.Ref {
	return source.Ref{Kind: source.Debian, Version: d.Version, URL: "debian:" + d.Name + "=" + d.Full, SHA256: d.SHA256}
}

// compareFollowing measures the second of two sources, built over the output of the first
// and cold.
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

// buildFrom fetches a source and returns the cost of building it.
func (e *benchEnv) buildFrom(ref source.Ref) cost {
	e.b.Helper()
	ctx, s := e.b.Context(), e.spec()
	tools, err := e.cached.Images.Toolchain(ctx, s.Compiler)
	if err != nil {
		e.b.Fatal(err)
	}
	c := candidate{spec: s, from: source.Debian, ref: ref, plan: planner.New(s, ref, tools.Toolchain), image: executor.Image{ID: tools.ID, Base: tools.From}}
	if _, err := e.cached.fetch(ctx, c); err != nil {
		e.b.Fatal(err)
	}
	start := time.Now()
	res, err := e.uncached.buildCandidate(ctx, c, e.uncached.Local)
	if err != nil {
		e.b.Fatal(err)
	}
	took := cost{wall: time.Since(start).Seconds()}
	took.cpu, took.compiled = e.manifest(res).CPU, e.compiled
	return took
}

// revisions returns two revisions, the older one first, of the newest 6.12 release that
// Debian has in two revisions; nil if there is none.
func (e *benchEnv) revisions() []source.Ref {
	return e.debianPair(func(older, newer debianSource) bool { return older.Version.Compare(newer.Version) == 0 })
}

// releases returns the two newest 6.12 point releases that Debian has, the older one first.
func (e *benchEnv) releases() []source.Ref {
	return e.debianPair(func(older, newer debianSource) bool { return older.Version.Compare(newer.Version) != 0 })
}

// debianPair returns the first two neighbours in Debian's 6.12 packages, newest first, that
// match; the older one first.
func (e *benchEnv) debianPair(match func(older, newer debianSource) bool) []source.Ref {
	e.b.Helper()
	var index struct{ Packages []debianSource }
	if err := report.Read(filepath.Join(userCache(e.b), "debian-index.json"), &index); err != nil {
		e.b.Fatal(err)
	}
	list := slices.DeleteFunc(index.Packages, func(d debianSource) bool { return d.Version.Series() != "6.12" })
	for n := 1; n < len(list); n++ {
		if older, newer := list[n], list[n-1]; match(older, newer) {
			return []source.Ref{older.ref(), newer.ref()}
		}
	}
	return nil
}
