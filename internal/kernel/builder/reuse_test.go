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
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/ccache"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// builtFixture is a kernel of a copy of the fixture tree that was built once.
type builtFixture struct {
	t   *testing.T
	b   *Builder
	dir string
	s   spec.Spec
	log bytes.Buffer
}

func buildFixture(t *testing.T) *builtFixture {
	t.Helper()
	f := &builtFixture{t: t, dir: copyFixture(t)}
	f.b = newBuilder(t, report.New(&f.log, &f.log, ""), f.dir, t.TempDir())
	f.s = fixtureSpecs(t, f.b, f.dir, spec.Table{Arch: []string{"amd64"}})[0]
	f.rebuilds("not built yet", "")
	return f
}

// write changes a file of the source tree.
func (f *builtFixture) write(name, text string) {
	f.t.Helper()
	writeFile(f.t, filepath.Join(f.dir, "tree", name), text)
}

// rebuilds requires that the kernel is built because of why, that the log contains extent, that
// the configuration is the asked one, and that a second run builds nothing.
func (f *builtFixture) rebuilds(why, extent string) {
	f.t.Helper()
	f.log.Reset()
	r, err := f.b.Build(f.t.Context(), f.s)
	if err != nil || !r.Built || !strings.HasPrefix(r.Why, why) {
		f.t.Fatalf("want a build because of %q, got %q, %v", why, r.Why, err)
	}
	if !strings.Contains(f.log.String(), extent) {
		f.t.Errorf("the log does not contain %q:\n%s", extent, f.log.String())
	}
	if text := configOf(f.t, f.b, r); strings.Contains(text, "CONFIG_ODD") || !strings.Contains(text, "CONFIG_TINY=y") {
		f.t.Errorf("the configuration is %q", text)
	}
	if r, err = f.b.Build(f.t.Context(), f.s); err != nil || r.Built {
		f.t.Errorf("rebuilt without a change: %+v, %v", r, err)
	}
}

func TestChangedSourceRebuilds(t *testing.T) {
	f := buildFixture(t)
	f.write("greeting", "a changed fixture kernel\n")
	f.rebuilds("source: +6.12.1 from folder", "1 source files differ")
}

// TestRevertedSourceRebuilds goes back to the first source in the output of the second.
func TestRevertedSourceRebuilds(t *testing.T) {
	f := buildFixture(t)
	f.write("greeting", "a changed fixture kernel\n")
	f.rebuilds("source: ", "1 source files differ")
	f.write("greeting", "a fixture kernel\n")
	f.s.Config = append(f.s.Config, plan.Item{Fragment: "more", Text: "CONFIG_MORE=y\n"}) // else its result is restored
	f.rebuilds("source: ", "1 source files differ")
}

func TestChangedConfigurationRebuilds(t *testing.T) {
	f := buildFixture(t)
	f.s.Config = append(f.s.Config, plan.Item{Fragment: "more", Text: "CONFIG_MORE=y\n"})
	f.rebuilds("configuration: +CONFIG_MORE=y", "")
}

func TestPatchRebuilds(t *testing.T) {
	f := buildFixture(t)
	f.s.Patches = oneSpec(t, f.dir, greetingPatch).Patches
	f.rebuilds("patches: +greeting.patch", "1 source files differ")
}

func TestChangedCodeKeepsConfiguration(t *testing.T) {
	f := buildFixture(t)
	f.write("main.c", "int one;\n")
	f.rebuilds("source: ", "reusing the configuration")
}

func TestTamperedConfigurationIsRemade(t *testing.T) {
	f := buildFixture(t)
	f.write("main.c", "int one;\n")
	tamper(t, f.b, f.s, "echo CONFIG_ODD=y >> "+plan.ConfigFile)
	f.rebuilds("source: ", "1 source files differ")
}

func TestChangedToolchainRebuildsFromScratch(t *testing.T) {
	f := buildFixture(t)
	f.s.Compiler.Packages = append(f.s.Compiler.Packages, "hello")
	f.rebuilds("toolchain: ", "rebuilding from scratch: toolchain changed")
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
	return ccache.Cache{Dir: plan.CacheDir, Namespace: b.Local.Namespace}.ConfigFile(candidateOf(t, b, s).plan)
}
