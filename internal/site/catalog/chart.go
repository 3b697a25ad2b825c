package catalog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/report"
)

// The size of a chart, in its own units, and the margin that points keep to its edges.
const (
	chartWidth  = 240
	chartHeight = 56
	chartMargin = 6
)

// chart is a line over versions, as SVG draws it.
type chart struct {
	ID, Title, Text string // Text says in words what the line shows
	First, Last     string // what its ends are labelled with
	Points          string // of the polyline
	Dots            []dot
}

type dot struct{ X, Y float64 }

// charts draws size and build time over the versions of each architecture that has
// several.
func charts(kernels []Kernel) (list []chart) {
	for start := 0; start < len(kernels); {
		end := start
		for end < len(kernels) && kernels[end].Arch == kernels[start].Arch {
			end++
		}
		if same := slices.Clone(kernels[start:end]); len(same) > 1 {
			slices.Reverse(same) // the oldest first
			list = append(list,
				line(same, "Size", func(k Kernel) float64 { return float64(k.Image.Size) }, func(v float64) string { return report.Bytes(int64(v)) }),
				line(same, "Build time", func(k Kernel) float64 { return k.Seconds }, seconds))
		}
		start = end
	}
	return list
}

// line draws one value over versions, from the least to the most.
func line(kernels []Kernel, what string, value func(Kernel) float64, show func(float64) string) chart {
	first, last := kernels[0], kernels[len(kernels)-1]
	c := chart{
		ID:    fmt.Sprintf("%s-%s-%s", first.Name, first.Arch, strings.ToLower(strings.ReplaceAll(what, " ", "-"))),
		Title: fmt.Sprintf("%s, %s", what, first.Arch),
		First: first.Version + ": " + show(value(first)), Last: last.Version + ": " + show(value(last)),
	}
	least, most := value(first), value(first)
	for _, k := range kernels {
		least, most = min(least, value(k)), max(most, value(k))
	}
	var points, words []string
	for i, k := range kernels {
		d := dot{
			X: chartMargin + float64(i)*(chartWidth-2*chartMargin)/float64(len(kernels)-1),
			Y: chartHeight - chartMargin - share(value(k), least, most)*(chartHeight-2*chartMargin),
		}
		c.Dots = append(c.Dots, d)
		points = append(points, fmt.Sprintf("%.1f,%.1f", d.X, d.Y))
		words = append(words, k.Version+": "+show(value(k)))
	}
	c.Points, c.Text = strings.Join(points, " "), strings.Join(words, "; ")
	return c
}

// share gives where a value lies between two, from 0 to 1; in the middle if they are one.
func share(value, least, most float64) float64 {
	if least == most {
		return 0.5
	}
	return (value - least) / (most - least)
}
