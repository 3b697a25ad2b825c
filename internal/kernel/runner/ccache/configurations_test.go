//go:build linux

package ccache_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/ccache"
)

// TestConfigurations caches a configuration, and finds it by what decides it, unless it is damaged.
func TestConfigurations(t *testing.T) {
	c := ccache.Cache{Dir: t.TempDir(), Max: 1}
	p := plan.Plan{Version: "6.12.1", Config: []plan.Item{{Target: "tinyconfig"}}}
	text := []byte("CONFIG_A=y\n")
	sum := fmt.Sprintf("%x", sha256.Sum256(text))
	old := filepath.Join(c.ProbeDir(), "toolchain", "answer")
	if err := os.MkdirAll(filepath.Dir(old), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(old, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	then := time.Now().Add(-92 * 24 * time.Hour)
	if err := os.Chtimes(old, then, then); err != nil {
		t.Fatal(err)
	}
	if err := c.SetConfig(p, text, sum); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Errorf("an answer of three months is left: %v", err)
	}
	find := func(c ccache.Cache, p plan.Plan, want string) {
		t.Helper()
		if _, got, err := c.Config(p); err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	find(c, p, sum)
	other := p
	other.Config = []plan.Item{{Target: "defconfig"}}
	find(c, other, "")
	bench := c
	bench.Namespace = "bench"
	find(bench, p, "")
	none := c
	none.Max = 0
	find(none, p, "")
	if err := os.WriteFile(c.ConfigFile(p), []byte("CONFIG_A=n\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	find(c, p, "")
}

// TestPlantedConfiguration has links to a folder outside in the place of cached files, and of their
// folder.
func TestPlantedConfiguration(t *testing.T) {
	for _, folder := range []bool{false, true} {
		c, outside := ccache.Cache{Dir: t.TempDir(), Max: 1}, t.TempDir()
		p := plan.Plan{Version: "6.12.1"}
		text := []byte("CONFIG_A=y\n")
		sum := fmt.Sprintf("%x", sha256.Sum256(text))
		file := c.ConfigFile(p)
		for name, text := range map[string]string{filepath.Base(file): string(text), filepath.Base(file) + ".sha256": sum} {
			if err := os.WriteFile(filepath.Join(outside, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			link, to := filepath.Join(filepath.Dir(file), name), filepath.Join(outside, name)
			if folder {
				link, to = filepath.Dir(file), outside
			}
			os.MkdirAll(filepath.Dir(link), 0o755)
			if err := os.Symlink(to, link); err != nil && !os.IsExist(err) {
				t.Fatal(err)
			}
		}
		if _, got, err := c.Config(p); err != nil || got != "" {
			t.Errorf("read through a link: %q, %v", got, err)
		}
		if err := c.SetConfig(p, []byte("CONFIG_B=y\n"), "other"); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(outside, filepath.Base(file))); err != nil || string(got) != string(text) {
			t.Errorf("written through a link: %q, %v", got, err)
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != "CONFIG_B=y\n" {
			t.Errorf("cached %q, %v", got, err)
		}
	}
}
