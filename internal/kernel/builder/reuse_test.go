package builder

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// TestEachInputRebuilds changes one input after the other. Each change causes a rebuild,
// whose reason and extent are logged.
func TestEachInputRebuilds(t *testing.T) {
	dir := copyFixture(t)
	var log bytes.Buffer
	b := newBuilder(t, report.New(&log, &log, ""), dir, t.TempDir())
	s := fixtureSpecs(t, b, dir, spec.Table{Arch: []string{"amd64"}})[0]
	writeTree := func(name, text string) { writeFile(t, filepath.Join(dir, "tree", name), text) }
	for _, step := range []struct {
		change      func()
		why, extent string
	}{
		{func() {}, "not built yet", ""},
		{func() { writeTree("greeting", "a changed fixture kernel\n") }, "source: +6.12.1 from folder", "1 source files differ"},
		{func() { s.Config = append(s.Config, spec.Item{Fragment: "more", Text: "CONFIG_MORE=y\n"}) }, "configuration: +CONFIG_MORE=y", ""},
		{func() { writeTree("greeting", "a fixture kernel\n") }, "source: ", "1 source files differ"},
		{func() { s.Patches = oneSpec(t, dir, greetingPatch).Patches }, "patches: +greeting.patch", "1 source files differ"},
		{func() { writeTree("main.c", "int one;\n") }, "source: ", "reusing the configuration"},
		{func() {
			writeTree("main.c", "int two;\n")
			tamper(t, b, s, "echo CONFIG_ODD=y >> "+plan.ConfigFile)
		}, "source: ", "1 source files differ"},
		{func() { s.Compiler.Packages = append(s.Compiler.Packages, "hello") }, "toolchain: ", "rebuilding from scratch: toolchain changed"},
	} {
		step.change()
		log.Reset()
		r, err := b.Build(t.Context(), s)
		if err != nil || !r.Built || !strings.HasPrefix(r.Why, step.why) {
			t.Fatalf("want a build because of %q, got %q, %v", step.why, r.Why, err)
		}
		if !strings.Contains(log.String(), step.extent) {
			t.Errorf("%s: the log does not contain %q:\n%s", r.Why, step.extent, log.String())
		}
		if text := configOf(t, b, r); strings.Contains(text, "CONFIG_ODD") || !strings.Contains(text, "CONFIG_TINY=y") {
			t.Errorf("%s: the configuration is %q", r.Why, text)
		}
		if r, err = b.Build(t.Context(), s); err != nil || r.Built {
			t.Errorf("rebuilt without a change: %+v, %v", r, err)
		}
	}
}

// greetingPatch is a kernel of the fixture tree with a patch.
var greetingPatch = spec.Table{Name: fixtureName, Version: "6.12", Arch: []string{"amd64"}, Source: []string{"./tree"}, Patches: []string{"greeting.patch"}}

// copyFixture returns a copy of testdata.
func copyFixture(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "tree/scripts/kconfig/merge_config.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestCachedConfiguration builds a kernel several times in an empty output tree: its
// configuration is made once, and remade where the cached one is damaged.
func TestCachedConfiguration(t *testing.T) {
	b := testBuilder(t)
	b.Local.Namespace = rand.Text()
	s := fixtureSpec(t, b)
	for _, round := range []struct {
		name   string
		damage func(cached string) string // a script
		made   bool
	}{
		{"not cached", nil, true},
		{"cached", nil, false},
		{"truncated", func(cached string) string { return "truncate -s 5 " + cached }, true},
		{"cached a second time", nil, false},
		{"removed", func(cached string) string { return "rm " + cached }, true},
	} {
		if round.damage != nil {
			tamper(t, b, s, round.damage(cachedConfigPath(t, b, s)))
		}
		removeKernel(t, b, s)
		r, err := b.Build(t.Context(), s)
		if err != nil || !r.Built {
			t.Fatalf("%s: %+v, %v", round.name, r, err)
		}
		m := manifestOf(t, b, r)
		if made := slices.ContainsFunc(m.Steps, func(s plan.StepRecord) bool { return s.Name == "olddefconfig" }); made != round.made {
			t.Errorf("%s: the configuration was made: %v", round.name, made)
		}
		if text := configOf(t, b, r); text != "CONFIG_TINY=y\n" {
			t.Errorf("%s: the configuration is %q", round.name, text)
		}
	}
}

// cachedConfigPath returns the path of a kernel's cached configuration in its container.
func cachedConfigPath(t *testing.T, b *Builder, s spec.Spec) string {
	t.Helper()
	p, err := b.Plan(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return b.Local.ConfigPath(p)
}
