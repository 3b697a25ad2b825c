//go:build linux

package builder

import (
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// BenchmarkTogether compares building two architectures in parallel with building them in
// sequence.
func BenchmarkTogether(b *testing.B) {
	e := newBenchEnv(b)
	for b.Loop() {
		for range togetherRuns {
			e.measure("apart", func() cost { e.nextKernel(); return e.buildInSequence() })
			e.measure("together", func() cost { e.nextKernel(); return e.buildTogether() })
		}
	}
	e.compare("Together", "together", "apart", 0.97)
	info, err := e.cached.Engine.Info(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	e.costs["ideal"] = []cost{{wall: median(e.costs["together"], cpu) / float64(info.CPUs)}}
	e.compare("Busy", "together", "ideal", 1.06)
}

// togetherRuns is how often both architectures are built each way.
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

// buildTogether builds two architectures in parallel.
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
