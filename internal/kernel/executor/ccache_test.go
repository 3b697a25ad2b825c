package executor

import (
	"os"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/kernel/toolchain"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// toolchainContainer starts a container of amd64's toolchain, until the test ends.
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
	tools, err := toolchain.New(e, report.New(t.Output(), t.Output(), "")).Toolchain(t.Context(), compiler)
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

// TestCacheSeesWhatTheAssemblerIncludes compiles, under ccache, sources that take a
// file in by .incbin, before and after that file has changed.
func TestCacheSeesWhatTheAssemblerIncludes(t *testing.T) {
	ctr := toolchainContainer(t)
	sources := map[string]string{
		"initramfs.S": ".incbin \"/work/data\"\n",
		"config.c":    "asm(\".incbin \\\"/work/data\\\"\");\nint x;\n",
		"plain.c":     "int x;\n",
	}
	files := []engine.File{{Name: "work", Mode: os.ModeDir | 0o755}}
	for name, text := range sources {
		files = append(files, inputFile("/work/"+name, text))
	}
	if err := ctr.Put(t.Context(), "/", files...); err != nil {
		t.Fatal(err)
	}
	r := &run{exec: &Executor{Limits: spec.Limits{CCache: "5GiB"}}, compiler: "test", ctr: ctr}
	compile := func(data string) map[string]string {
		if err := ctr.Put(t.Context(), "/", inputFile("/work/data", data)); err != nil {
			t.Fatal(err)
		}
		sums := map[string]string{}
		for name := range sources {
			argv := []string{"kiln-cc", "gcc", "-Wp,-MMD,/work/d", "-c", "-o", "/work/o", "/work/" + name}
			if _, err := ctr.Output(t.Context(), engine.Command{Argv: argv, Dir: "/work", Env: append(r.ccacheEnv(), "CCACHE_DIR=/work/ccache")}); err != nil {
				t.Fatal(err)
			}
			out, err := ctr.Output(t.Context(), engine.Command{Argv: []string{"sha256sum", "/work/o"}})
			if err != nil {
				t.Fatal(err)
			}
			sums[name] = out
		}
		return sums
	}
	first, second := compile("one"), compile("two")
	for name := range sources {
		if changed := first[name] != second[name]; changed != (name != "plain.c") {
			t.Errorf("%s: its object has changed: %v", name, changed)
		}
	}
	if got, want := r.ccacheRecord(t.Context()), (plan.CacheRecord{Hits: 1, Misses: 1, Uncacheable: 4}); got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}
