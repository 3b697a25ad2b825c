package executor

import (
	"os"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/kernel/toolchain"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// toolchainContainer starts a container of amd64's toolchain image for the test.
func toolchainContainer(t *testing.T) *engine.Container {
	t.Helper()
	a, err := arch.Find("amd64")
	if err != nil {
		t.Fatal(err)
	}
	compiler, err := a.Compiler(arch.GCC)
	if err != nil {
		t.Fatal(err)
	}
	e := enginetest.Engine(t)
	tools, err := toolchain.New(base.Provider{Engine: e, Console: report.New(t.Output(), t.Output(), ""), Environ: os.Environ()}).Toolchain(t.Context(), compiler)
	if err != nil {
		t.Fatal(err)
	}
	ctr, err := e.Run(t.Context(), engine.Spec{Image: tools.Image, Kind: "test", Command: []string{"sleep", "600"}, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ctr.Remove() })
	return ctr
}

// incbinSources are sources by their names; all but plain.c include /work/data.
var incbinSources = map[string]string{
	"initramfs.S": ".incbin \"/work/data\"\n",
	"config.c":    "asm(\".incbin \\\"/work/data\\\"\");\nint x;\n",
	"plain.c":     "int x;\n",
}

// TestCCacheSeesIncbin compiles, with ccache, sources that include a file by .incbin,
// before and after that file changes.
func TestCCacheSeesIncbin(t *testing.T) {
	ctr := toolchainContainer(t)
	files := []engine.File{{Name: "work", Mode: os.ModeDir | 0o755}}
	for name, text := range incbinSources {
		files = append(files, inputFile("/work/"+name, text))
	}
	if err := ctr.Put(t.Context(), "/", files...); err != nil {
		t.Fatal(err)
	}
	r := &run{exec: &Executor{Limits: spec.Limits{CCache: "5GiB"}}, compiler: "test", ctr: ctr}
	first, second := compileIncbin(t, r, "one"), compileIncbin(t, r, "two")
	for name := range incbinSources {
		if changed := first[name] != second[name]; changed != (name != "plain.c") {
			t.Errorf("%s: object changed: %v", name, changed)
		}
	}
	if got, want := r.ccacheRecord(t.Context()), (plan.CacheRecord{Hits: 1, Misses: 1, Uncacheable: 4}); got != want {
		t.Errorf("got counts %+v, want %+v", got, want)
	}
}

// compileIncbin compiles incbinSources with this content of /work/data and returns the
// objects' hashes.
func compileIncbin(t *testing.T, r *run, data string) map[string]string {
	t.Helper()
	if err := r.ctr.Put(t.Context(), "/", inputFile("/work/data", data)); err != nil {
		t.Fatal(err)
	}
	sums := map[string]string{}
	for name := range incbinSources {
		argv := []string{"kiln-cc", "gcc", "-Wp,-MMD,/work/d", "-c", "-o", "/work/o", "/work/" + name}
		if _, err := r.ctr.Output(t.Context(), engine.Command{Argv: argv, Dir: "/work", Env: append(r.ccacheEnv(), "CCACHE_DIR=/work/ccache")}); err != nil {
			t.Fatal(err)
		}
		out, err := r.ctr.Output(t.Context(), engine.Command{Argv: []string{"sha256sum", "/work/o"}})
		if err != nil {
			t.Fatal(err)
		}
		sums[name] = out
	}
	return sums
}
