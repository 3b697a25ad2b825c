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

// TestIncrementalBuildIsTheCleanOne builds the real kernel with a patch over the
// output without, and from nothing: byte for byte the same comes out. In between a build
// fails that has the patch too, before what that changes is compiled. The same comes out
// over an output with files that a run which was killed had begun.
func TestIncrementalBuildIsTheCleanOne(t *testing.T) {
	b := testBuilder(t)
	t.Cleanup(func() { removeKernel(t, b, incrementalSpec(t)) })
	removeKernel(t, b, incrementalSpec(t))
	if _, err := b.Build(t.Context(), incrementalSpec(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Build(t.Context(), incrementalSpec(t, "testdata/pid.patch", "testdata/init.patch")); fault.Code(err) != int(fault.Failed) {
		t.Fatalf("a build that cannot succeed: %v", err)
	}
	patched := incrementalSpec(t, "testdata/pid.patch")
	over := buildManifest(t, b, patched)
	log, err := os.ReadFile(filepath.Join(b.Local.Dist, "kernels", over.Name+"-"+over.Version+"-"+over.Arch, plan.LogFile))
	if err != nil {
		t.Fatal(err)
	}
	if compiled := bytes.Count(log, []byte("\n  CC ")); compiled == 0 || compiled > 10 { // it, what the broken build had, the version
		t.Errorf("the patch of one .c file made %d files be compiled", compiled)
	}
	if made := slices.ContainsFunc(over.Steps, func(s plan.StepRecord) bool { return s.Name == "olddefconfig" }); made {
		t.Error("the patch of one .c file made the configuration anew")
	}
	removeKernel(t, b, patched)
	clean := buildManifest(t, b, patched)
	if asked := clean.Cache.Hits + clean.Cache.Misses; asked < 300 {
		t.Errorf("ccache was asked for %d objects of a kernel that was built from nothing", asked)
	}
	tamper(t, b, patched, interruptScript)
	removeImages(t, b, patched)
	mended := buildManifest(t, b, patched)
	for _, name := range []string{"bzImage", "System.map", "config"} {
		one, two, three := over.SumOf(name), clean.SumOf(name), mended.SumOf(name)
		if one == "" || one != two || one != three {
			t.Errorf("%s differs: %s over the last output, %s from nothing, %s over one that was cut off", name, one, two, three)
		}
	}
}

// interruptScript leaves an output as a build does that is killed: noted as under way, with
// files that are cut off.
const interruptScript = `cd /output && sed -i 's/"open":false/"open":true/' .kiln.json && grep -q '"open":true' .kiln.json && truncate -s 1000 kernel/fork.o vmlinux.o`

// incrementalSpec is a small kernel that says something, with patches.
func incrementalSpec(t *testing.T, patches ...string) spec.Spec {
	t.Helper()
	table := spec.Table{
		Name: "again", Version: "6.12", Arch: []string{"amd64"}, Source: []string{"debian"},
		Config: []string{"tinyconfig", "CONFIG_PRINTK=y"}, Patches: patches,
	}
	specs, err := spec.File{Kernels: []spec.Table{table}}.Specs(".", spec.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	return specs[0]
}

// buildManifest builds a kernel and gives its manifest.
func buildManifest(t *testing.T, b *Builder, s spec.Spec) plan.Manifest {
	t.Helper()
	res, err := b.Build(t.Context(), s)
	if err != nil || !res.Built {
		t.Fatalf("%+v, %v", res, err)
	}
	return manifestOf(t, b, res)
}
