//go:build linux

package builder

import (
	"slices"
	"testing"
)

// cost is what a build took.
type cost struct {
	wall, cpu float64 // seconds
	compiled  int     // C files
}

// wall and cpu choose what a comparison is judged by.
func wall(s cost) float64 { return s.wall }
func cpu(s cost) float64  { return s.cpu }

func median(list []cost, by func(cost) float64) float64 {
	var values []float64
	for _, s := range list {
		values = append(values, by(s))
	}
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// sameKernel fails if ways to one plan gave kernels that differ.
func (e *benchEnv) sameKernel(ways ...string) {
	e.b.Helper()
	for _, way := range ways[1:] {
		if e.images[way] != e.images[ways[0]] {
			e.b.Errorf("the kernels differ: %s gave %s, %s gave %s", ways[0], e.images[ways[0]], way, e.images[way])
		}
	}
}

// compare reports the medians of two ways' wall time as a benchmark.
func (e *benchEnv) compare(name, ours, theirs string, bound float64) {
	e.report(name, ours, theirs, bound, wall, 0)
}

// compareCPU does so with their processor time, where the wall time's noise is wider
// than the bound.
func (e *benchEnv) compareCPU(name, ours, theirs string, bound float64) {
	e.report(name, ours, theirs, bound, cpu, 1)
}

func (e *benchEnv) report(name, ours, theirs string, bound float64, by func(cost) float64, processor float64) {
	e.b.Run(name, func(b *testing.B) {
		for b.Loop() {
		}
		if len(e.costs[ours]) == 0 || len(e.costs[theirs]) == 0 {
			b.Skipf("LEFT OUT: %s or %s was not measured", ours, theirs)
		}
		b.ReportMetric(median(e.costs[ours], by), "ours-s")
		b.ReportMetric(median(e.costs[theirs], by), "theirs-s")
		b.ReportMetric(bound, "bound")
		b.ReportMetric(float64(len(e.costs[ours])), "runs")
		b.ReportMetric(processor, "by-processor")
	})
}
