package dev

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"text/tabwriter"
)

// row compares one thing that Kiln does with how it is done without Kiln.
type row struct {
	Name    string  `json:"name"`
	Against string  `json:"against"`
	Ours    float64 `json:"ours"`   // seconds, median
	Theirs  float64 `json:"theirs"` // seconds, median
	Ratio   float64 `json:"ratio"`
	Bound   float64 `json:"bound"` // the highest ratio that passes
	Runs    int     `json:"runs"`
	By      string  `json:"by"`         // "wall" or "processor": which time it is
	Memory  float64 `json:"memory_mib"` // of this process at most, MiB; 0 where it was not measured
}

// comparison is a benchmark that compares, with a description of what it compares.
type comparison struct{ benchmark, name, against string }

var comparisons = []comparison{
	{"Command/NothingChanged", "kernel with nothing changed, whole command", "1.0 s and Mage's own start"},
	{"Command/Image", "image with nothing changed, whole command", "0.5 s and Mage's own start"},
	{"Command/Verify", "verify, whole command", "2.5 s and Mage's own start"},
	{"Load/Plain", "a thousand requests for the front page", "the same base, bare configuration"},
	{"Load/Gzip", "the same, packed", "the same, packed for each answer"},
	{"Size/Many/Image", "image of 3,000 files, one of 60 MB", "sha256sum, gzip -9 and a build by BuildKit"},
	{"Size/Many/Verify", "verify of the same", "docker cp out of the image and a hash of every file"},
	{"Size/Large/Image", "image with one file of 200 MB", "sha256sum, gzip -9 and a build by BuildKit"},
	{"Size/Large/Verify", "verify of the same", "docker cp out of the image and a hash of every file"},
	{"Unpack", "from the tarball to the verified, unpacked volume", "xz -dc | tar -x"},
	{"Source/Source", "second architecture's source", "the first's"},
	{"Kernel/Container", "cold build in a container, no ccache", "the same in a chroot of the same image"},
	{"Kernel/Filling", "cold build that fills ccache", "without ccache"},
	{"Kernel/Warm", "warm ccache, empty output", "cold"},
	{"Defconfig/Warm", "the same, x86 defconfig", "cold, filling ccache"},
	{"Kernel/Patch", "one .c file changed by a patch", "cold"},
	{"Kernel/Restored", "plan built before, only the store left", "cold"},
	{"Kernel/Extract", "extract", "docker cp of the same files"},
	{"Release/PatchLevel", "next revision of one release", "cold"},
	{"Release/PointRelease", "next point release", "cold"},
	{"Together/Together", "amd64 and arm64 at once", "one after the other"},
	{"Together/Busy", "amd64 and arm64 at once", "their processor time over all cores"},
}

// benchLine is what go test prints of a benchmark; benchMetric is one value in it.
var (
	benchLine   = regexp.MustCompile(`(?m)^Benchmark([\w/]+?)(?:-\d+)?\s+\d+\s+(.*)$`)
	benchMetric = regexp.MustCompile(`([\d.e+-]+) (\S+)`)
)

// benchCPU returns the processor's name, which go test prints first.
func benchCPU(text string) string {
	for line := range strings.Lines(text) {
		if name, ok := strings.CutPrefix(line, "cpu: "); ok {
			return strings.TrimSpace(name)
		}
	}
	return "an unknown processor"
}

// benchRows parses the benchmarks that compare from the output of go test.
func benchRows(text string) []row {
	printed := map[string]map[string]float64{}
	for _, line := range benchLine.FindAllStringSubmatch(text, -1) {
		value := map[string]float64{}
		for _, m := range benchMetric.FindAllStringSubmatch(line[2], -1) {
			value[m[2]], _ = strconv.ParseFloat(m[1], 64)
		}
		printed[line[1]] = value
	}
	rows := []row{}
	for _, c := range comparisons {
		value, ok := printed[c.benchmark]
		if !ok {
			continue
		}
		by := "wall"
		if value["by-processor"] == 1 {
			by = "processor"
		}
		rows = append(rows, row{
			Name: c.name, Against: c.against, Ours: value["ours-s"], Theirs: value["theirs-s"],
			Ratio: value["ours-s"] / value["theirs-s"], Bound: value["bound"], Runs: int(value["runs"]), By: by, Memory: value["ours-MiB"],
		})
	}
	return rows
}

// String prints the table for people.
func (b results) String() string {
	var s strings.Builder
	table := tabwriter.NewWriter(&s, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "WHAT\tAGAINST\tOURS\tTHEIRS\tRATIO\tAT MOST\tTIME\tRUNS")
	for _, r := range b.Rows {
		fmt.Fprintf(table, "%s\t%s\t%.3g s\t%.3g s\t%.3g\t%.2f\t%s\t%d\n", r.Name, r.Against, r.Ours, r.Theirs, r.Ratio, r.Bound, r.By, r.Runs)
	}
	table.Flush()
	for _, name := range b.LeftOut {
		fmt.Fprintf(&s, "left out: %s\n", name)
	}
	return s.String()
}
