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
