package dev

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestBenchmarkOutputIsParsed(t *testing.T) {
	text := `goos: linux
cpu: AMD EPYC
measured cold: 200 s
BenchmarkKernel/Container-2   	       1	         0 ns/op	  1.030 bound	  1.000 by-processor	  410.0 ours-s	  3.000 runs	  400.0 theirs-s
BenchmarkUnpack-2   	       1	43210987654 ns/op	         1.300 bound	       120.0 ours-MiB	         7.500 ours-s	         3.000 runs	        10.00 theirs-s
BenchmarkOther-2    	       1	12 ns/op
PASS`
	if got := benchCPU(text); got != "AMD EPYC" {
		t.Errorf("processor: got %q", got)
	}
	rows := benchRows(text)
	want := []row{
		{Name: "from the tarball to the verified, unpacked volume", Against: "xz -dc | tar -x", Ours: 7.5, Theirs: 10, Ratio: 0.75, Bound: 1.3, Runs: 3, By: "wall", Memory: 120},
		{Name: "cold build in a container, no ccache", Against: "the same in a chroot of the same image", Ours: 410, Theirs: 400, Ratio: 1.025, Bound: 1.03, Runs: 3, By: "processor"},
	}
	if !slices.Equal(rows, want) {
		t.Errorf("got %+v", rows)
	}
	if err := (results{Rows: rows}).err(); err != nil {
		t.Error(err)
	}
	if got := (results{Rows: rows, LeftOut: []string{"extract"}}).String(); !strings.Contains(got, "7.5 s  ") || !strings.Contains(got, "left out: extract\n") {
		t.Errorf("table:\n%s", got)
	}
	rows[0].Ratio = 1.31
	if (results{Rows: rows}).err() == nil || (results{}).err() == nil {
		t.Error("no error for a ratio above its bound, or for no ratio")
	}
}

// root is the repository.
const root = "../.."

// commandRuns is how often each command runs, in turn.
const commandRuns = 5

// start is a target that does next to nothing: what it takes is Mage's own start, which asks
// go build whether the magefile has changed.
const start = "config"

// BenchmarkCommand measures whole commands that find nothing changed, against limits in
// seconds on top of Mage's own start.
func BenchmarkCommand(b *testing.B) {
	took := map[string][]float64{}
	mage(b, "image", "kernel")
	for b.Loop() {
		for range commandRuns {
			for _, target := range []string{start, "kernel", "image", "verify"} {
				took[target] = append(took[target], mage(b, target))
			}
		}
	}
	for _, c := range []struct {
		name, target string
		limit        float64
	}{
		{"NothingChanged", "kernel", 1.0},
		{"Image", "image", 0.5},
		{"Verify", "verify", 2.5},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
			}
			b.ReportMetric(median(took[c.target]), "ours-s")
			b.ReportMetric(c.limit+median(took[start]), "theirs-s")
			b.ReportMetric(1, "bound")
			b.ReportMetric(commandRuns, "runs")
		})
	}
}

// mage runs targets in the repository and returns how many seconds they took.
func mage(b *testing.B, targets ...string) float64 {
	b.Helper()
	cmd := exec.Command("go", append([]string{"tool", "mage"}, targets...)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "MAGEFILE_VERBOSE=0")
	began := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.Fatalf("mage %s: %v\n%s", strings.Join(targets, " "), err, out)
	}
	return time.Since(began).Seconds()
}

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

// TestBenchPackages requires that Bench runs every benchmark of the repository.
func TestBenchPackages(t *testing.T) {
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		dir, _ := filepath.Rel(root, filepath.Dir(path))
		if bytes.Contains(text, []byte("\nfunc Benchmark")) && !slices.Contains(benchPackages, "./"+filepath.ToSlash(dir)) {
			t.Errorf("%s has a benchmark; benchPackages lacks its package", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
