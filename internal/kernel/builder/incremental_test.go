package builder

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// TestIncrementalBuildEqualsCleanBuild builds the real kernel with a patch in three ways:
// over the output of a build without it, from scratch, and over an output with partial
// files of a killed build. All give the same bytes. Before the first, a build fails that
// has the patch too, before it compiles the patched file.
func TestIncrementalBuildEqualsCleanBuild(t *testing.T) {
	b := testBuilder(t)
	startFromScratch(t, b, incrementalSpec(t))
	if _, err := b.Build(t.Context(), incrementalSpec(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Build(t.Context(), incrementalSpec(t, "testdata/pid.patch", "testdata/init.patch")); fault.Code(err) != int(fault.Failed) {
		t.Fatalf("a build with a syntax error: %v", err)
	}
	patched := incrementalSpec(t, "testdata/pid.patch")
	incremental := buildManifest(t, b, patched)
	checkIncremental(t, b, incremental)
	removeKernel(t, b, patched)
	clean := buildManifest(t, b, patched)
	if objects := clean.Cache.Hits + clean.Cache.Misses; objects < 300 {
		t.Errorf("a build from scratch asked ccache for %d objects, want at least 300", objects)
	}
	tamper(t, b, patched, interruptScript)
	removeImages(t, b, patched)
	repaired := buildManifest(t, b, patched)
	for _, name := range []string{"bzImage", "System.map", "config"} {
		one, two, three := incremental.SumOf(name), clean.SumOf(name), repaired.SumOf(name)
		if one == "" || one != two || one != three {
			t.Errorf("%s differs: incremental %s, from scratch %s, repaired %s", name, one, two, three)
		}
	}
}

// checkIncremental checks that a build with a patch of one .c file compiled few files and
// reused the configuration.
func checkIncremental(t *testing.T, b *Builder, m plan.Manifest) {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(b.Local.Dist, "kernels", m.Name+"-"+m.Version+"-"+m.Arch, plan.LogFile))
	if err != nil {
		t.Fatal(err)
	}
	if compiled := bytes.Count(log, []byte("\n  CC ")); compiled == 0 || compiled > 10 { // the file, what the failed build left, the version
		t.Errorf("a patch of one .c file compiled %d files", compiled)
	}
	if slices.ContainsFunc(m.Steps, func(s plan.StepRecord) bool { return s.Name == "olddefconfig" }) {
		t.Error("a patch of one .c file remade the configuration")
	}
}

// interruptScript leaves an output tree as a killed build does: marked as in progress,
// with truncated files.
const interruptScript = `cd /output && sed -i 's/"open":false/"open":true/' .kiln.json && grep -q '"open":true' .kiln.json && truncate -s 1000 kernel/fork.o vmlinux.o`

// incrementalSpec returns a small kernel of the real source that prints, with patches.
func incrementalSpec(t *testing.T, patches ...string) spec.Spec {
	t.Helper()
	return oneSpec(t, ".", spec.Table{
		Name: "incremental", Version: "6.12", Arch: []string{"amd64"}, Source: []string{"debian"},
		Config: []string{"tinyconfig", "CONFIG_PRINTK=y"}, Patches: patches,
	})
}

// buildManifest builds a kernel that has no result yet and returns its manifest.
func buildManifest(t *testing.T, b *Builder, s spec.Spec) plan.Manifest {
	t.Helper()
	res, err := b.Build(t.Context(), s)
	if err != nil || !res.Built {
		t.Fatalf("%+v, %v", res, err)
	}
	return manifestOf(t, b, res)
}
