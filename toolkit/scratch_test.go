package toolkit

import (
	"os"
	"path/filepath"
	"testing"
)

// TestScratchOfTheDeadIsRemoved has a run find the folders of one that lives and of one
// that has died.
func TestScratchOfTheDeadIsRemoved(t *testing.T) {
	t.Setenv("TMPDIR", os.TempDir()) // given back at the end
	all := t.TempDir()
	dead := filepath.Join(all, "dead")
	if err := os.MkdirAll(filepath.Join(dead, "kiln-boot-1"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dead, scratchLock), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	done, err := scratchIn(all)
	if err != nil {
		t.Fatal(err)
	}
	living, err := os.MkdirTemp("", "kiln-boot-")
	if err != nil {
		t.Fatal(err)
	}
	another, err := scratchIn(all)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dead); err == nil {
		t.Error("what a dead run left is still there")
	}
	if _, err := os.Stat(living); err != nil {
		t.Errorf("what a living run laid down is gone: %v", err)
	}
	another()
	done()
	if left, err := os.ReadDir(all); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
