package dev

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
	"github.com/romanatrashyonok/kiln/internal/report"
	"github.com/romanatrashyonok/kiln/toolkit"
)

// benchSchema is the schema of dist/bench.json.
const benchSchema = "kiln/bench/v1"

// results is dist/bench.json: what was measured, side by side in one run.
type results struct {
	Schema  string    `json:"schema"`
	Machine string    `json:"machine"`
	Date    time.Time `json:"date"`
	Rows    []row     `json:"rows"`
	LeftOut []string  `json:"left_out"` // comparisons that could not be made here
}

// benchPackages are the packages with benchmarks.
var benchPackages = []string{"./internal/dev", "./internal/site", "./internal/kernel/fetch", "./internal/kernel/builder"}

// longBenchmark takes longer than all others together.
const longBenchmark = "BenchmarkDefconfig"

// Bench runs the comparisons, writes dist/bench.json and prints a table. A ratio above
// its bound is an error. only selects benchmarks by a regular expression, as go test -bench
// does; "" is all but the one that takes longer than all others.
func Bench(ctx context.Context, only string) error {
	r := newRunner()
	defer r.close()
	if err := r.connect(ctx); err != nil {
		return err
	}
	b := results{Schema: benchSchema, Date: time.Now().UTC().Truncate(time.Second), LeftOut: []string{}}
	text, failed := r.benchmarks(ctx, only) // a failed benchmark does not void the others
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
	if err := report.Write(filepath.Join(toolkit.Dist, "bench.json"), b); err != nil {
		return err
	}
	if err := r.console.Result(b, b.String()); err != nil {
		return err
	}
	return errors.Join(failed, b.err())
}

// benchmarks runs the benchmarks and returns what they printed. Their measurements are
// logged as they come.
func (r *runner) benchmarks(ctx context.Context, only string) (string, error) {
	var out strings.Builder
	argv := []string{"test", "-run", "^$", "-bench", cmp.Or(only, "."), "-benchtime", "1x", "-p", "1", "-timeout", benchTimeout}
	if only == "" {
		argv = append(argv, "-skip", longBenchmark)
	}
	cmd := exec.CommandContext(ctx, "go", append(argv, benchPackages...)...)
	cmd.Stdout = io.MultiWriter(&out, report.EachLine(func(line string) {
		if strings.HasPrefix(line, "measured ") {
			r.console.Logf("%s", line)
		}
	}))
	cmd.Stderr = os.Stderr
	progress := r.console.Progress("measure")
	if err := r.run(ctx, cmd); err != nil {
		progress.End("failed")
		return out.String(), fault.New(fault.Failed, "", "measure: %w\n%s", err, out.String())
	}
	progress.End("measured")
	return out.String(), nil
}

// benchTimeout is for machines slower than two cores of 2025, which take an hour.
const benchTimeout = "6h"

func (b results) has(c comparison) bool {
	for _, row := range b.Rows {
		if row.Name == c.name && row.Against == c.against {
			return true
		}
	}
	return false
}

func (b results) err() error {
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
