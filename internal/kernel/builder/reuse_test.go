package builder

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/report"
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
	b := newBuilder(t, report.New(&said, &said, ""), dir, t.TempDir())
	table := spec.Table{Arch: []string{"amd64"}}
	s := fixtureSpecs(t, b, dir, table)[0]
	for _, step := range []struct {
		change   func()
		why, how string
	}{
		{func() {}, "no such kernel is there yet", ""},
		{func() { writeFile(t, filepath.Join(dir, "tree/greeting"), "a kernel of fired clay\n") }, "source: +6.12.1 from folder", "1 files of the source differ"},
		{func() { s.Config = append(s.Config, spec.Item{Fragment: "more", Text: "CONFIG_MORE=y\n"}) }, "configuration: +CONFIG_MORE=y", ""},
		{func() { writeFile(t, filepath.Join(dir, "tree/greeting"), "a kernel of clay\n") }, "source: ", "1 files of the source differ"},
		{func() { s.Patches = patchedSpec(t, dir, "greeting.patch").Patches }, "patches: +greeting.patch", "1 files of the source differ"},
		{func() { writeFile(t, filepath.Join(dir, "tree/brick.c"), "int brick;\n") }, "source: ", "the configuration was made before"},
		{func() {
			writeFile(t, filepath.Join(dir, "tree/brick.c"), "int bricks;\n")
			tamper(t, b, s, "echo CONFIG_ODD=y >> "+plan.ConfigFile)
		}, "source: ", "1 files of the source differ"},
		{func() { s.Compiler.Packages = append(s.Compiler.Packages, "hello") }, "toolchain: ", "starts clean: its toolchain is another"},
	} {
		step.change()
		said.Reset()
		r, err := b.Build(t.Context(), s)
		if err != nil || !r.Built || !strings.HasPrefix(r.Why, step.why) {
			t.Fatalf("want %q, got %q, %v", step.why, r.Why, err)
		}
		if !strings.Contains(said.String(), step.how) {
			t.Errorf("%s: it was not said that %q:\n%s", r.Why, step.how, said.String())
		}
		if text := configOf(t, b, r); strings.Contains(text, "CONFIG_ODD") || !strings.Contains(text, "CONFIG_TINY=y") {
			t.Errorf("%s: the configuration is %q", r.Why, text)
		}
		if r, err = b.Build(t.Context(), s); err != nil || r.Built {
			t.Errorf("built again: %+v, %v", r, err)
		}
	}
}

// TestKeptConfiguration builds a kernel over an empty output again and again: its
// configuration is made once, and again where what was kept is harmed.
func TestKeptConfiguration(t *testing.T) {
	b := testBuilder(t)
	b.Local.Namespace = rand.Text()
	s := fixtureSpec(t, b)
	for _, round := range []struct {
		what string
		harm func(kept string) string // a script
		made bool
	}{
		{"the first", nil, true},
		{"the second", nil, false},
		{"one that is cut", func(kept string) string { return "truncate -s 5 " + kept }, true},
		{"one after that", nil, false},
		{"one that is gone", func(kept string) string { return "rm " + kept }, true},
	} {
		if round.harm != nil {
			tamper(t, b, s, round.harm(cachedConfigPath(t, b, s)))
		}
		removeKernel(t, b, s)
		r, err := b.Build(t.Context(), s)
		if err != nil || !r.Built {
			t.Fatalf("%s: %+v, %v", round.what, r, err)
		}
		m := manifestOf(t, b, r)
		if made := slices.ContainsFunc(m.Steps, func(s plan.StepRecord) bool { return s.Name == "olddefconfig" }); made != round.made {
			t.Errorf("%s: its configuration was made: %v", round.what, made)
		}
		if text := configOf(t, b, r); text != "CONFIG_TINY=y\n" {
			t.Errorf("%s: its configuration is %q", round.what, text)
		}
	}
}

// cachedConfigPath gives where the configuration of a kernel is kept.
func cachedConfigPath(t *testing.T, b *Builder, s spec.Spec) string {
	t.Helper()
	p, err := b.Plan(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return b.Local.ConfigPath(p)
}

// tamper changes a kernel's output tree, or what is cached for its architecture.
func tamper(t *testing.T, b *Builder, s spec.Spec, script string) {
	t.Helper()
	p, err := b.Plan(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	in := engine.Spec{Image: p.Toolchain.Image, Kind: "test", Command: []string{"sleep", "60"}, Offline: true}
	for _, m := range p.Mounts {
		in.Mounts = append(in.Mounts, engine.Mount(m))
	}
	ctr, err := b.Engine.Run(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	defer ctr.Remove()
	if _, err := ctr.Output(t.Context(), engine.Command{Argv: []string{"sh", "-c", script}}); err != nil {
		t.Fatal(err)
	}
}

func configOf(t *testing.T, b *Builder, r result.Result) string {
	t.Helper()
	manifestOf(t, b, r)
	text, err := os.ReadFile(filepath.Join(b.Local.Dist, "kernels", r.Folder(), "config"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func patchedSpec(t *testing.T, dir, patch string) spec.Spec {
	t.Helper()
	specs, err := spec.File{Kernels: []spec.Table{{Name: "clay", Version: "6.12", Arch: []string{"amd64"}, Source: []string{"./tree"}, Patches: []string{patch}}}}.Specs(dir, spec.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	return specs[0]
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

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

// manifestOf gives a build's manifest, and never that of an earlier build of the same
// plan, which is as good to Extract.
func manifestOf(t *testing.T, b *Builder, r result.Result) plan.Manifest {
	t.Helper()
	if err := os.RemoveAll(b.Local.Dist); err != nil {
		t.Fatal(err)
	}
	e, err := b.Folder.Extract(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	m, err := result.CheckFolder(e.Folder)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
