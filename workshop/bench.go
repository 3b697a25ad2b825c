package workshop

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"

	"github.com/romanatrashyonok/kiln/fault"
	"github.com/romanatrashyonok/kiln/report"
)

// BenchSchema names the form of bench.json.
const BenchSchema = "kiln/bench/v1"

// Bench is what was measured, side by side in one run.
type Bench struct {
	Schema  string     `json:"schema"`
	Machine string     `json:"machine"`
	Rows    []BenchRow `json:"rows"`
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
	Memory  float64 `json:"memory_mib"` // of this process at most, MiB; 0 where it was not measured
}

// benchmarks are the benchmarks that compare, and what with.
var benchmarks = map[string]string{"Unpack": "xz -dc | tar -x"}

// Bench runs the comparisons, writes dist/bench.json and prints a line for each. A
// ratio above its bound is an error.
func (w *Workshop) Bench(ctx context.Context) error {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", ".", "-benchtime", "1x", "-timeout", testTimeout, "./kernel/source")
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	progress := w.Console.Progress("measure")
	if err := cmd.Run(); err != nil {
		progress.End("failed")
		return fault.New(fault.Bad, "", "measure: %w\n%s", err, out.String())
	}
	progress.End("measured")
	b := Bench{Schema: BenchSchema, Machine: fmt.Sprintf("%d cores, %s/%s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH), Rows: benchRows(out.String())}
	if err := report.Write(filepath.Join(Dist, "bench.json"), b); err != nil {
		return err
	}
	for _, row := range b.Rows {
		if err := w.Console.Result(row, row.String()); err != nil {
			return err
		}
	}
	return b.err()
}

// benchLine is what go test prints of a benchmark; benchMetric is one value in it.
var (
	benchLine   = regexp.MustCompile(`(?m)^Benchmark(\w+?)(?:-\d+)?\s+\d+\s+(.*)$`)
	benchMetric = regexp.MustCompile(`([\d.e+]+) (\S+)`)
)

// benchRows reads the benchmarks that compare out of what go test printed.
func benchRows(text string) []BenchRow {
	rows := []BenchRow{}
	for _, line := range benchLine.FindAllStringSubmatch(text, -1) {
		against, compares := benchmarks[line[1]]
		if !compares {
			continue
		}
		value := map[string]float64{}
		for _, m := range benchMetric.FindAllStringSubmatch(line[2], -1) {
			value[m[2]], _ = strconv.ParseFloat(m[1], 64)
		}
		rows = append(rows, BenchRow{
			Name: strings.ToLower(line[1]), Against: against, Ours: value["ours-s"], Theirs: value["theirs-s"],
			Ratio: value["ours-s"] / value["theirs-s"], Bound: value["bound"], Runs: int(value["runs"]), Memory: value["ours-MiB"],
		})
	}
	return rows
}

// String tells a comparison in a line.
func (r BenchRow) String() string {
	return fmt.Sprintf("%s: %.1f s, against %s: %.1f s; ratio %.2f (at most %.2f), medians of %d, %.0f MiB of memory",
		r.Name, r.Ours, r.Against, r.Theirs, r.Ratio, r.Bound, r.Runs, r.Memory)
}

func (b Bench) err() error {
	if len(b.Rows) != len(benchmarks) {
		return fault.New(fault.Bad, "", "measure: expected %d comparisons, got %d", len(benchmarks), len(b.Rows))
	}
	for _, row := range b.Rows {
		if row.Ratio > row.Bound {
			return fault.New(fault.Bad, "is the machine busy?", "measure %s: its ratio of %.2f is above %.2f", row.Name, row.Ratio, row.Bound)
		}
	}
	return nil
}
