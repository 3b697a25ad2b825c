//go:build linux

package ccache_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/ccache"
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
	ctr, err := e.Run(t.Context(), engine.Spec{Image: tools.ID, Kind: "test", Command: []string{"sleep", "600"}, Offline: true})
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
	for name, source := range incbinSources {
		files = append(files, text("/work/"+name, source))
	}
	if err := ctr.Put(t.Context(), "/", files...); err != nil {
		t.Fatal(err)
	}
	cache := ccache.Cache{Dir: "/work/ccache", Max: 1 << 30, Log: "/work/ccache.log"}
	first, second := compileIncbin(t, ctr, cache, "one"), compileIncbin(t, ctr, cache, "two")
	for name := range incbinSources {
		if changed := first[name] != second[name]; changed != (name != "plain.c") {
			t.Errorf("%s: object changed: %v", name, changed)
		}
	}
	dir := t.TempDir()
	if err := ctr.Get(t.Context(), cache.Log, dir); err != nil {
		t.Fatal(err)
	}
	cache.Log = filepath.Join(dir, "ccache.log")
	if got, want := cache.Record(), (plan.CacheRecord{Hits: 1, Misses: 1, Uncacheable: 4}); got != want {
		t.Errorf("got counts %+v, want %+v", got, want)
	}
}

// text returns a text as a file of a container, at an absolute path.
func text(name, body string) engine.File {
	return engine.File{Name: strings.TrimPrefix(name, "/"), Mode: 0o644, Size: int64(len(body)), Body: strings.NewReader(body)}
}

// compileIncbin compiles incbinSources with this content of /work/data and returns the
// objects' hashes.
func compileIncbin(t *testing.T, ctr *engine.Container, cache ccache.Cache, data string) map[string]string {
	t.Helper()
	if err := ctr.Put(t.Context(), "/", text("/work/data", data)); err != nil {
		t.Fatal(err)
	}
	sums := map[string]string{}
	for name := range incbinSources {
		argv := []string{"kiln-cc", "gcc", "-Wp,-MMD,/work/d", "-c", "-o", "/work/o", "/work/" + name}
		if _, err := ctr.Output(t.Context(), engine.Command{Argv: argv, Dir: "/work", Env: cache.Env()}); err != nil {
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
