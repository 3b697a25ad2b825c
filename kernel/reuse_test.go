package kernel

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/docker"
	"github.com/romanatrashyonok/kiln/docker/dockertest"
	"github.com/romanatrashyonok/kiln/report"
)

// TestEachInputRebuilds changes one input after the other: each is built anew, and
// the reason is told.
func TestEachInputRebuilds(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "tree/scripts/kconfig/merge_config.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	w, err := New(dockertest.Engine(t), report.New(&said, &said, ""), Defaults(), dir, t.TempDir(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	table := Table{Arch: []string{"amd64"}}
	s := clayOf(t, w, dir, table)[0]
	for _, step := range []struct {
		change   func()
		why, how string
	}{
		{func() {}, "no such kernel is there yet", ""},
		{func() { write(t, filepath.Join(dir, "tree/greeting"), "a kernel of fired clay\n") }, "source: +6.12.1 from folder", "1 files of the source differ"},
		{func() { s.Config = append(s.Config, Item{Fragment: "more", Text: "CONFIG_MORE=y\n"}) }, "configuration: +CONFIG_MORE=y", ""},
		{func() { write(t, filepath.Join(dir, "tree/greeting"), "a kernel of clay\n") }, "source: ", "1 files of the source differ"},
		{func() { s.Patches = specWith(t, dir, "greeting.patch").Patches }, "patches: +greeting.patch", "1 files of the source differ"},
		{func() { s.Arch.Packages = append(s.Arch.Packages, "hello") }, "toolchain: ", "starts clean: its toolchain is another"},
	} {
		step.change()
		said.Reset()
		r, err := w.Build(t.Context(), s)
		if err != nil || !r.Built || !strings.HasPrefix(r.Why, step.why) {
			t.Fatalf("want %q, got %q, %v", step.why, r.Why, err)
		}
		if !strings.Contains(said.String(), step.how) {
			t.Errorf("%s: it was not said that %q:\n%s", r.Why, step.how, said.String())
		}
		if r, err = w.Build(t.Context(), s); err != nil || r.Built {
			t.Errorf("built again: %+v, %v", r, err)
		}
	}
}

func specWith(t *testing.T, dir, patch string) Spec {
	t.Helper()
	specs, err := File{Kernels: []Table{{Name: "clay", Version: "6.12", Arch: []string{"amd64"}, Source: []string{"./tree"}, Patches: []string{patch}}}}.Specs(dir, Choice{})
	if err != nil {
		t.Fatal(err)
	}
	return specs[0]
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestIncrementalBuildIsTheCleanOne builds the real kernel with a patch over the
// output without, and from nothing: byte for byte the same comes out.
func TestIncrementalBuildIsTheCleanOne(t *testing.T) {
	w := testWorks(t)
	t.Cleanup(func() { forget(t, w, again(t)) })
	forget(t, w, again(t))
	if _, err := w.Build(t.Context(), again(t)); err != nil {
		t.Fatal(err)
	}
	patched := again(t, "testdata/pid.patch")
	over, misses := kernelOf(t, w, patched)
	if misses > 20 {
		t.Errorf("the patch of one .c file made %d files be compiled", misses)
	}
	forget(t, w, patched)
	clean, _ := kernelOf(t, w, patched)
	if over != clean {
		t.Errorf("the kernel differs: %s over the last output, %s from nothing", over, clean)
	}
}

// again is the micro kernel under another name, with patches.
func again(t *testing.T, patches ...string) Spec {
	t.Helper()
	table := Table{
		Name: "again", Version: "6.12", Arch: []string{"amd64"}, Source: []string{"debian"},
		Config: []string{"tinyconfig", "config/micro.config"}, Patches: patches,
	}
	specs, err := File{Kernels: []Table{table}}.Specs(".", Choice{})
	if err != nil {
		t.Fatal(err)
	}
	return specs[0]
}

// kernelOf builds a kernel and gives the sha256 of what boots, and how many files
// were compiled that ccache had not.
func kernelOf(t *testing.T, w *Works, s Spec) (sum string, misses int) {
	t.Helper()
	result, err := w.Build(t.Context(), s)
	if err != nil || !result.Built {
		t.Fatalf("%+v, %v", result, err)
	}
	e, err := w.Extract(t.Context(), result)
	if err != nil {
		t.Fatal(err)
	}
	m, err := checkFolder(e.Folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range m.Artefacts {
		if a.Path == "bzImage" {
			sum = a.SHA256
		}
	}
	return sum, m.Cache.Misses
}

// TestCacheSeesWhatTheAssemblerIncludes compiles, under ccache, sources that take a
// file in by .incbin, before and after that file has changed.
func TestCacheSeesWhatTheAssemblerIncludes(t *testing.T) {
	w := testWorks(t)
	tools, err := w.toolchain(t.Context(), again(t).Arch)
	if err != nil {
		t.Fatal(err)
	}
	box, err := w.Engine.Run(t.Context(), docker.Spec{Image: tools.Image, Kind: "test", Command: []string{"sleep", "600"}, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { box.Remove() })
	sources := map[string]string{
		"initramfs.S": ".incbin \"/work/data\"\n",
		"config.c":    "asm(\".incbin \\\"/work/data\\\"\");\nint x;\n",
		"plain.c":     "int x;\n",
	}
	files := []docker.File{{Name: "work", Mode: os.ModeDir | 0o755}}
	for name, text := range sources {
		files = append(files, inputFile("/work/"+name, text))
	}
	if err := box.Put(t.Context(), "/", files...); err != nil {
		t.Fatal(err)
	}
	j := &job{works: w, compiler: "test", box: box}
	compile := func(data string) map[string]string {
		if err := box.Put(t.Context(), "/", inputFile("/work/data", data)); err != nil {
			t.Fatal(err)
		}
		sums := map[string]string{}
		for name := range sources {
			argv := []string{"kiln-cc", "gcc", "-Wp,-MMD,/work/d", "-c", "-o", "/work/o", "/work/" + name}
			if _, err := box.Output(t.Context(), docker.Command{Argv: argv, Dir: "/work", Env: append(j.cacheEnv(), "CCACHE_DIR=/work/ccache")}); err != nil {
				t.Fatal(err)
			}
			out, err := box.Output(t.Context(), docker.Command{Argv: []string{"sha256sum", "/work/o"}})
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
	if got, want := j.cacheRecord(t.Context()), (CacheRecord{Hits: 1, Misses: 1, Uncacheable: 4}); got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}
