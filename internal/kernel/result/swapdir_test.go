package result

import (
	"os"
	"path/filepath"
	"testing"
)

// TestReplace replaces a folder, and creates one, in both ways.
func TestReplace(t *testing.T) {
	for name, put := range map[string]func(fresh, dest string) error{"exchange": replace, "rename twice": renameTwice} {
		dir := t.TempDir()
		dest := filepath.Join(dir, "dest")
		for _, text := range []string{"first", "second"} {
			fresh := filepath.Join(dir, "half", "fresh")
			if err := os.MkdirAll(fresh, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(fresh, "file"), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := put(fresh, dest); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if got, err := os.ReadFile(filepath.Join(dest, "file")); err != nil || string(got) != text {
				t.Errorf("%s: got %q, %v", name, got, err)
			}
			if err := os.RemoveAll(filepath.Join(dir, "half")); err != nil {
				t.Fatal(err)
			}
		}
	}
}
