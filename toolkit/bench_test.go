package toolkit

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestBenchmarksAreRead(t *testing.T) {
	text := `goos: linux
cpu: AMD EPYC
measured cold: 200 s
BenchmarkKernel/Container-2   	       1	         0 ns/op	  1.030 bound	  1.000 by-processor	  410.0 ours-s	  3.000 runs	  400.0 theirs-s
BenchmarkUnpack-2   	       1	43210987654 ns/op	         1.300 bound	       120.0 ours-MiB	         7.500 ours-s	         3.000 runs	        10.00 theirs-s
BenchmarkOther-2    	       1	12 ns/op
PASS`
	if got := benchCPU(text); got != "AMD EPYC" {
		t.Errorf("the processor is %q", got)
	}
	rows := benchRows(text)
	want := []BenchRow{
		{Name: "from the tarball to the verified, unpacked volume", Against: "xz -dc | tar -x", Ours: 7.5, Theirs: 10, Ratio: 0.75, Bound: 1.3, Runs: 3, By: "wall", Memory: 120},
		{Name: "cold build in a container, no ccache", Against: "the same in a chroot of the same image", Ours: 410, Theirs: 400, Ratio: 1.025, Bound: 1.03, Runs: 3, By: "processor"},
	}
	if !slices.Equal(rows, want) {
		t.Errorf("got %+v", rows)
	}
	if err := (Bench{Rows: rows}).err(); err != nil {
		t.Error(err)
	}
	if got := (Bench{Rows: rows, LeftOut: []string{"extract"}}).String(); !strings.Contains(got, "7.5 s  ") || !strings.Contains(got, "left out: extract\n") {
		t.Errorf("the table is\n%s", got)
	}
	rows[0].Ratio = 1.31
	if (Bench{Rows: rows}).err() == nil || (Bench{}).err() == nil {
		t.Error("a ratio above its bound, or none at all, is no error")
	}
}

// commandRuns is how often each command runs, by turns.
const commandRuns = 5

// BenchmarkCommand measures whole commands with nothing to do, against limits in
// seconds. What they would build is built before.
func BenchmarkCommand(b *testing.B) {
	took := map[string][]float64{}
	mage(b, "image", "kernel")
	for b.Loop() {
		for range commandRuns {
			for _, target := range []string{"-l", "kernel", "image", "verify"} {
				took[target] = append(took[target], mage(b, target))
			}
		}
	}
	for _, row := range []struct {
		name, target string
		limit        float64
	}{
		{"NothingChanged", "kernel", 1.0 + middle(took["-l"])},
		{"Image", "image", 0.5},
		{"Verify", "verify", 2.5},
	} {
		b.Run(row.name, func(b *testing.B) {
			for b.Loop() {
			}
			b.ReportMetric(middle(took[row.target]), "ours-s")
			b.ReportMetric(row.limit, "theirs-s")
			b.ReportMetric(1, "bound")
			b.ReportMetric(commandRuns, "runs")
		})
	}
}

// mage runs targets at the project's root, and gives how many seconds that took.
func mage(b *testing.B, targets ...string) float64 {
	b.Helper()
	cmd := exec.Command("go", append([]string{"tool", "mage"}, targets...)...)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "MAGEFILE_VERBOSE=0")
	start := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.Fatalf("mage %s: %v\n%s", strings.Join(targets, " "), err, out)
	}
	return time.Since(start).Seconds()
}

func middle(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}
