package toolkit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/host"
	"github.com/romanatrashyonok/kiln/internal/report"
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

// benchPackages hold the benchmarks.
var benchPackages = []string{"./toolkit", "./internal/site", "./internal/kernel/fetch", "./internal/kernel"}

// longBenchmark takes longer than all others.
const longBenchmark = "BenchmarkDefconfig"

// Bench runs the comparisons, writes dist/bench.json and prints a table. A ratio above
// its bound is an error. only chooses by a regular expression, as go test -bench does;
// "" is all but the one that takes longer than all others.
func (w *Project) Bench(ctx context.Context, only string) error {
	if err := host.Setup(ctx, w.Console, host.Load(), answers); err != nil {
		w.Console.Logf("what takes it is left out: %v", err)
	}
	if _, err := w.Engine(ctx); err != nil {
		return err
	}
	b := Bench{Schema: BenchSchema, Date: time.Now().UTC().Truncate(time.Second), LeftOut: []string{}}
	text, failed := w.benchmarks(ctx, only) // what was measured counts, also where another benchmark failed
	if ctx.Err() != nil {
		return failed
	}
	b.Machine = fmt.Sprintf("%d cores of %s, %s/%s", runtime.NumCPU(), benchCPU(text), runtime.GOOS, runtime.GOARCH)
	b.Rows = benchRows(text)
	for _, c := range comparisons {
		if !b.has(c) {
			b.LeftOut = append(b.LeftOut, c.name)
		}
	}
	if err := report.Write(filepath.Join(Dist, "bench.json"), b); err != nil {
		return err
	}
	if err := w.Console.Result(b, b.String()); err != nil {
		return err
	}
	return errors.Join(failed, b.err())
}

// benchmarks runs them and gives what they printed. What they tell on the way is said.
func (w *Project) benchmarks(ctx context.Context, only string) (string, error) {
	var out strings.Builder
	argv := []string{"test", "-run", "^$", "-bench", cmp.Or(only, "."), "-benchtime", "1x", "-p", "1", "-timeout", benchTimeout}
	if only == "" {
		argv = append(argv, "-skip", longBenchmark)
	}
	cmd := exec.CommandContext(ctx, "go", append(argv, benchPackages...)...)
	cmd.Stdout = io.MultiWriter(&out, report.EachLine(func(line string) {
		if strings.HasPrefix(line, "measured ") {
			w.Console.Logf("%s", line)
		}
	}))
	cmd.Stderr = os.Stderr
	progress := w.Console.Progress("measure")
	if err := w.runCommand(ctx, cmd); err != nil {
		progress.End("failed")
		return out.String(), fault.New(fault.Failed, "", "measure: %w\n%s", err, out.String())
	}
	progress.End("measured")
	return out.String(), nil
}

// benchTimeout is for machines slower than two cores of today, which take an hour.
const benchTimeout = "6h"

func (b Bench) has(c comparison) bool {
	for _, row := range b.Rows {
		if row.Name == c.name && row.Against == c.against {
			return true
		}
	}
	return false
}

func (b Bench) err() error {
	if len(b.Rows) == 0 {
		return fault.New(fault.Failed, "", "measure: nothing was compared")
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
	return fault.New(fault.Failed, "measure on an idle machine", "measure: %s", strings.Join(above, "\n"))
}
