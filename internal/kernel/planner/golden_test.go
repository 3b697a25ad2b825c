package planner

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

var update = flag.Bool("update", false, "rewrite testdata/*.golden")

// TestPlanAsJSON compares a plan with its stored JSON: the plan's hash, and with it every
// stored result, depends on each byte of it.
func TestPlanAsJSON(t *testing.T) {
	text, err := json.MarshalIndent(samplePlan(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "micro-amd64.json.golden", string(text)+"\n")
}

// TestPlanAsText compares what kernel:plan prints, with the steps of each kind of kernel.
func TestPlanAsText(t *testing.T) {
	golden(t, "micro-amd64.golden", Text(samplePlan(t)))
	// A whole .config, device trees, and the other compiler.
	golden(t, "boards-arm64-llvm.golden", Text(planFor(t, "boards", "arm64", arch.LLVM, plan.Item{Fragment: "boards.config", Text: "CONFIG_OF=y\n"})))
	// An image that is vmlinux itself.
	golden(t, "server-ppc64le.golden", Text(planFor(t, "server", "ppc64le", arch.GCC, plan.Item{Target: "defconfig"})))
}

// golden compares text with a file in testdata, or rewrites the file with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (rewrite it with -update):\n%s", path, got)
	}
}
