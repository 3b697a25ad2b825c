package catalog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/report"
)

// The size of a chart and the margin around its points, in SVG user units.
const (
	chartWidth  = 240
	chartHeight = 56
	chartMargin = 6
)

// chart is the SVG of one value over versions.
type chart struct {
	ID, Title, Text string // Text is the alternative text
	First, Last     string // labels of both ends
	Points          string // of the polyline
	Dots            []dot
}

type dot struct{ X, Y float64 }

// charts returns the size and the build time over the versions of each architecture that
// has several.
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

// line returns the chart of one value, scaled from its minimum to its maximum.
func line(kernels []Kernel, title string, value func(Kernel) float64, show func(float64) string) chart {
	first, last := kernels[0], kernels[len(kernels)-1]
	c := chart{
		ID:    fmt.Sprintf("%s-%s-%s", first.Name, first.Arch, strings.ToLower(strings.ReplaceAll(title, " ", "-"))),
		Title: fmt.Sprintf("%s, %s", title, first.Arch),
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

// share returns the position of a value between two, from 0 to 1; 0.5 if they are equal.
func share(value, least, most float64) float64 {
	if least == most {
		return 0.5
	}
	return (value - least) / (most - least)
}
