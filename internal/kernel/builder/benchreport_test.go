//go:build linux

package builder

import (
	"slices"
	"testing"
)

// cost is the cost of a build.
type cost struct {
	wall, cpu float64 // seconds
	compiled  int     // C files
}

// wall and cpu select what a comparison compares, in seconds.
func wall(c cost) float64 { return c.wall }
func cpu(c cost) float64  { return c.cpu }

// median returns the median of a quantity.
func median(list []cost, by func(cost) float64) float64 {
	var values []float64
	for _, c := range list {
		values = append(values, by(c))
	}
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// sameKernel fails if different ways of building a plan led to different images.
func (e *benchEnv) sameKernel(ways ...string) {
	e.b.Helper()
	for _, way := range ways[1:] {
		if e.images[way] != e.images[ways[0]] {
			e.b.Errorf("the images differ: %s: %s, %s: %s", ways[0], e.images[ways[0]], way, e.images[way])
		}
	}
}

// compare reports the median wall times of two ways, and the bound of their ratio, as a
// benchmark.
func (e *benchEnv) compare(name, ours, theirs string, bound float64) {
	e.report(name, ours, theirs, bound, wall, 0)
}

// compareCPU does so with processor times, where the noise of the wall time exceeds the
// bound.
func (e *benchEnv) compareCPU(name, ours, theirs string, bound float64) {
	e.report(name, ours, theirs, bound, cpu, 1)
}

// report reports a comparison as a benchmark that does nothing itself.
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
