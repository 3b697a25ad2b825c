package builder

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
)

// TestMaterialsBesideThePlan finds patches under any name, and files by their path in the source or
// by their own name, all by their sha256.
func TestMaterialsBesideThePlan(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "certs"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "renamed.patch"), "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n")
	writeFile(t, filepath.Join(dir, "certs", "ours.pem"), "one")
	writeFile(t, filepath.Join(dir, "theirs.pem"), "two")
	list, err := source.ReadPatches(dir, "renamed.patch")
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	m := materials{dir: dir}
	for _, name := range []string{"a.patch", "renamed.patch", "../a.patch"} {
		if _, ok := m.patch(plan.Patch{Name: name, SHA256: list[0].SHA256}); !ok {
			t.Errorf("patch %s is not found", name)
		}
	}
	if _, ok := m.patch(plan.Patch{Name: "renamed.patch", SHA256: "00"}); ok {
		t.Error("a different patch is found")
	}
	for path, text := range map[string]string{"certs/ours.pem": "one", "certs/theirs.pem": "two"} {
		want := plan.File{Path: path, Mode: source.ModeFile, SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(text)))}
		if _, ok := m.file(want); !ok {
			t.Errorf("file %s is not found", path)
		}
		want.SHA256 = "00"
		if _, ok := m.file(want); ok {
			t.Errorf("a different file is found for %s", path)
		}
	}
}
