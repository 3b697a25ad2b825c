package scratch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

func TestDirIsEmptyAndRemoved(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	dir, remove, err := Dir("boot")
	if err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("new folder holds %v, %v", entries, err)
	}
	remove()
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left after remove: %v, %v", left, err)
	}
}

func TestSweepRemovesFoldersOfDeadRuns(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	live, remove, err := Dir("boot")
	if err != nil {
		t.Fatal(err)
	}
	defer remove()
	dead := filepath.Join(temp, prefix+"site-1")
	foreign := filepath.Join(temp, prefix+"notes") // has no lock: not a folder of this package
	for _, dir := range []string{filepath.Join(dead, "site"), foreign} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dead, lockName), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	Sweep()
	if _, err := os.Stat(dead); !os.IsNotExist(err) {
		t.Errorf("folder of a dead run: %v, want it removed", err)
	}
	for _, dir := range []string{live, foreign} {
		if _, err := os.Stat(dir); err != nil {
			t.Errorf("folder in use: %v", err)
		}
	}
}

func TestFolderThatCannotBeMade(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none"))
	_, _, err := Dir("boot")
	if fault.Code(err) != int(fault.Environment) || !strings.Contains(err.Error(), "make a temporary folder: ") || !strings.Contains(err.Error(), "fix: set TMPDIR") {
		t.Errorf("exit code %d: %v", fault.Code(err), err)
	}
}
