package kernel

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
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
		{func() { write(t, filepath.Join(dir, "tree/brick.c"), "int brick;\n") }, "source: ", "configuration is that of its last output"},
		{func() {
			write(t, filepath.Join(dir, "tree/brick.c"), "int bricks;\n")
			tamper(t, w, s, "echo CONFIG_ODD=y >> "+configFile)
		}, "source: ", "1 files of the source differ"},
		{func() { s.Compiler.Packages = append(s.Compiler.Packages, "hello") }, "toolchain: ", "starts clean: its toolchain is another"},
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
		if text := configOf(t, w, r); strings.Contains(text, "CONFIG_ODD") || !strings.Contains(text, "CONFIG_TINY=y") {
			t.Errorf("%s: the configuration is %q", r.Why, text)
		}
		if r, err = w.Build(t.Context(), s); err != nil || r.Built {
			t.Errorf("built again: %+v, %v", r, err)
		}
	}
}

// tamper changes a kernel's output tree.
func tamper(t *testing.T, w *Works, s Spec, script string) {
	t.Helper()
	p, err := w.Plan(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	box, err := w.Engine.Run(t.Context(), docker.Spec{
		Image: p.Toolchain.Image, Kind: "test", Command: []string{"sleep", "60"}, Offline: true,
		Mounts: []docker.Mount{{Volume: p.outputVolume(), Path: outputDir}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer box.Remove()
	if _, err := box.Output(t.Context(), docker.Command{Argv: []string{"sh", "-c", script}}); err != nil {
		t.Fatal(err)
	}
}

func configOf(t *testing.T, w *Works, r Result) string {
	t.Helper()
	e, err := w.Extract(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(e.Folder, "config"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
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
	over := kernelOf(t, w, patched)
	if over.Cache.Misses > 20 {
		t.Errorf("the patch of one .c file made %d files be compiled", over.Cache.Misses)
	}
	if made := slices.ContainsFunc(over.Steps, func(s StepRecord) bool { return s.Name == "olddefconfig" }); made {
		t.Error("the patch of one .c file made the configuration anew")
	}
	forget(t, w, patched)
	clean := kernelOf(t, w, patched)
	for _, name := range []string{"bzImage", "System.map", "config"} {
		if one, other := over.sumOf(name), clean.sumOf(name); one == "" || one != other {
			t.Errorf("%s differs: %s over the last output, %s from nothing", name, one, other)
		}
	}
}

// again is a small kernel that says something, with patches.
func again(t *testing.T, patches ...string) Spec {
	t.Helper()
	table := Table{
		Name: "again", Version: "6.12", Arch: []string{"amd64"}, Source: []string{"debian"},
		Config: []string{"tinyconfig", "CONFIG_PRINTK=y"}, Patches: patches,
	}
	specs, err := File{Kernels: []Table{table}}.Specs(".", Choice{})
	if err != nil {
		t.Fatal(err)
	}
	return specs[0]
}

// kernelOf builds a kernel and gives its manifest.
func kernelOf(t *testing.T, w *Works, s Spec) Manifest {
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
	return m
}

// TestCacheSeesWhatTheAssemblerIncludes compiles, under ccache, sources that take a
// file in by .incbin, before and after that file has changed.
func TestCacheSeesWhatTheAssemblerIncludes(t *testing.T) {
	w := testWorks(t)
	tools, err := w.toolchain(t.Context(), again(t).Compiler)
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
