package workshop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/fault"
	"github.com/romanatrashyonok/kiln/report"
)

// BenchSchema names the form of bench.json.
const BenchSchema = "kiln/bench/v1"

// Bench is what was measured, side by side in one run.
type Bench struct {
	Schema  string     `json:"schema"`
	Machine string     `json:"machine"`
	Date    time.Time  `json:"date"`
	Rows    []BenchRow `json:"rows"`
	LeftOut []string   `json:"left_out"` // comparisons that could not be made here
}

// BenchRow compares one thing that Kiln does with how it is done without.
type BenchRow struct {
	Name    string  `json:"name"`
	Against string  `json:"against"`
	Ours    float64 `json:"ours"`   // seconds, median
	Theirs  float64 `json:"theirs"` // seconds, median
	Ratio   float64 `json:"ratio"`
	Bound   float64 `json:"bound"` // the ratio that is not to be passed
	Runs    int     `json:"runs"`
	By      string  `json:"by"`         // "wall" or "processor": which time it is
	Memory  float64 `json:"memory_mib"` // of this process at most, MiB; 0 where it was not measured
}

// comparison is a benchmark that compares, and in words what it compares.
type comparison struct{ benchmark, name, against string }

var comparisons = []comparison{
	{"Command/NothingChanged", "kernel with nothing changed, whole command", "1.0 s and mage's own start"},
	{"Command/Image", "image with nothing changed, whole command", "0.5 s"},
	{"Command/Verify", "verify, whole command", "2.5 s"},
	{"Unpack", "from the tarball to the verified, unpacked volume", "xz -dc | tar -x"},
	{"Source/Source", "second architecture's source", "the first's"},
	{"Kernel/Container", "cold build in a container, no ccache", "the same in a chroot of the same image"},
	{"Kernel/Filling", "cold build that fills ccache", "without ccache"},
	{"Kernel/Warm", "warm ccache, empty output", "cold"},
	{"Kernel/Patch", "one .c file changed by a patch", "cold"},
	{"Kernel/Restored", "plan built before, only the store left", "cold"},
	{"Kernel/Extract", "extract", "docker cp of the same files"},
	{"Release/PatchLevel", "next revision of one release", "cold"},
	{"Release/PointRelease", "next point release", "cold"},
	{"Together/Together", "amd64 and arm64 at once", "one after the other"},
	{"Together/Busy", "amd64 and arm64 at once", "their processor time over all cores"},
}

// benchPackages hold the benchmarks.
var benchPackages = []string{"./workshop", "./kernel/source", "./kernel"}

// Bench runs the comparisons, writes dist/bench.json and prints a line for each. A
// ratio above its bound is an error.
func (w *Workshop) Bench(ctx context.Context) error {
	b := Bench{
		Schema: BenchSchema, Date: time.Now().UTC().Truncate(time.Second),
		Machine: fmt.Sprintf("%d cores, %s/%s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH), LeftOut: []string{},
	}
	text, failed := w.benchmarks(ctx) // what was measured counts, also where another benchmark failed
	if ctx.Err() != nil {
		return failed
	}
	b.Rows = benchRows(text)
	for _, c := range comparisons {
		if !b.has(c) {
			b.LeftOut = append(b.LeftOut, c.name)
		}
	}
	if err := report.Write(filepath.Join(Dist, "bench.json"), b); err != nil {
		return err
	}
	for _, row := range b.Rows {
		if err := w.Console.Result(row, row.String()); err != nil {
			return err
		}
	}
	for _, name := range b.LeftOut {
		w.Console.Say("left out: %s", name)
	}
	return errors.Join(failed, b.err())
}

// benchmarks runs them and gives what they printed. What they tell on the way is said.
func (w *Workshop) benchmarks(ctx context.Context) (string, error) {
	var out strings.Builder
	argv := []string{"test", "-run", "^$", "-bench", ".", "-benchtime", "1x", "-p", "1", "-timeout", benchTimeout}
	cmd := exec.CommandContext(ctx, "go", append(argv, benchPackages...)...)
	cmd.Stdout = io.MultiWriter(&out, report.EachLine(func(line string) {
		if strings.HasPrefix(line, "measured ") {
			w.Console.Say("%s", line)
		}
	}))
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	progress := w.Console.Progress("measure")
	if err := cmd.Run(); err != nil {
		progress.End("failed")
		return out.String(), fault.New(fault.Bad, "", "measure: %w\n%s", err, out.String())
	}
	progress.End("measured")
	return out.String(), nil
}

// benchTimeout is for machines slower than two cores of today, which take an hour.
const benchTimeout = "6h"

// benchLine is what go test prints of a benchmark; benchMetric is one value in it.
var (
	benchLine   = regexp.MustCompile(`(?m)^Benchmark([\w/]+?)(?:-\d+)?\s+\d+\s+(.*)$`)
	benchMetric = regexp.MustCompile(`([\d.e+-]+) (\S+)`)
)

// benchRows reads the benchmarks that compare out of what go test printed.
func benchRows(text string) []BenchRow {
	printed := map[string]map[string]float64{}
	for _, line := range benchLine.FindAllStringSubmatch(text, -1) {
		value := map[string]float64{}
		for _, m := range benchMetric.FindAllStringSubmatch(line[2], -1) {
			value[m[2]], _ = strconv.ParseFloat(m[1], 64)
		}
		printed[line[1]] = value
	}
	rows := []BenchRow{}
	for _, c := range comparisons {
		value, ok := printed[c.benchmark]
		if !ok {
			continue
		}
		by := "wall"
		if value["by-processor"] == 1 {
			by = "processor"
		}
		rows = append(rows, BenchRow{
			Name: c.name, Against: c.against, Ours: value["ours-s"], Theirs: value["theirs-s"],
			Ratio: value["ours-s"] / value["theirs-s"], Bound: value["bound"], Runs: int(value["runs"]), By: by, Memory: value["ours-MiB"],
		})
	}
	return rows
}

func (b Bench) has(c comparison) bool {
	for _, row := range b.Rows {
		if row.Name == c.name && row.Against == c.against {
			return true
		}
	}
	return false
}

// String tells a comparison in a line.
func (r BenchRow) String() string {
	line := fmt.Sprintf("%s: %.2f s, against %s: %.2f s; ratio %.3f (at most %.2f), %s time, medians of %d",
		r.Name, r.Ours, r.Against, r.Theirs, r.Ratio, r.Bound, r.By, r.Runs)
	if r.Memory > 0 {
		line += fmt.Sprintf(", %.0f MiB of memory", r.Memory)
	}
	return line
}

func (b Bench) err() error {
	if len(b.Rows) == 0 {
		return fault.New(fault.Bad, "", "measure: nothing was compared")
	}
	var above []string
	for _, row := range b.Rows {
		if row.Ratio > row.Bound {
			above = append(above, fmt.Sprintf("%s: %.3f is above %.2f", row.Name, row.Ratio, row.Bound))
		}
	}
	if len(above) == 0 {
		return nil
	}
	return fault.New(fault.Bad, "is the machine busy?", "measure: %s", strings.Join(above, "\n"))
}
