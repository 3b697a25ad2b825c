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
