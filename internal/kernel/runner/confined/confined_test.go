//go:build linux

package confined_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/runner/confined"
)

// planted is what the build's user can put in the place of a file, by its kind.
var planted = map[string]func(name, outside string) error{
	"link":          func(name, outside string) error { return os.Symlink(outside, name) },
	"relative link": func(name, _ string) error { return os.Symlink("../outside/file", name) },
	"dangling link": func(name, outside string) error { return os.Symlink(outside+"-new", name) },
	"fifo":          func(name, _ string) error { return syscall.Mkfifo(name, 0o666) },
	"folder":        func(name, _ string) error { return os.MkdirAll(filepath.Join(name, "full"), 0o755) },
}

// TestPlanted reads, then replaces, what is no regular file, and leaves the file outside as it is.
func TestPlanted(t *testing.T) {
	for kind, plant := range planted {
		for action, replace := range map[string]func(dir string) error{
			"write": func(dir string) error { return confined.Write(dir, "file", []byte("new")) },
			"create": func(dir string) error {
				file, err := confined.Create(dir, "file")
				if err != nil {
					return err
				}
				_, err = file.WriteString("new")
				return errors.Join(err, file.Close())
			},
		} {
			root := t.TempDir()
			dir, outside := filepath.Join(root, "dir"), filepath.Join(root, "outside/file")
			for _, folder := range []string{dir, filepath.Dir(outside)} {
				if err := os.Mkdir(folder, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			file := filepath.Join(dir, "file")
			if err := errors.Join(os.WriteFile(outside, []byte("secret"), 0o600), plant(file, outside)); err != nil {
				t.Fatal(err)
			}
			if text, err := confined.Read(dir, "file"); !errors.Is(err, confined.ErrNotRegular) {
				t.Errorf("%s: read %q, %v", kind, text, err)
			}
			if err := replace(dir); err != nil {
				t.Errorf("%s, %s: %v", kind, action, err)
			}
			text, err := confined.Read(dir, "file")
			if err != nil || string(text) != "new" {
				t.Errorf("%s, %s: read %q, %v", kind, action, text, err)
			}
			around, err := os.ReadDir(filepath.Dir(outside))
			if kept, _ := os.ReadFile(outside); err != nil || string(kept) != "secret" || len(around) != 1 {
				t.Errorf("%s, %s: outside %q, %v, %v", kind, action, kept, around, err)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
				t.Errorf("%s, %s: left %v, %v", kind, action, left, err)
			}
		}
	}
}

// TestLinkedFolder has a link in the place of the folder of a file.
func TestLinkedFolder(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	if err := errors.Join(os.Symlink(outside, filepath.Join(dir, "sub")), os.WriteFile(filepath.Join(outside, "file"), []byte("secret"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if text, err := confined.Read(dir, "sub/file"); err == nil {
		t.Errorf("read %q", text)
	}
	if err := confined.Write(dir, "sub/file", nil); err == nil {
		t.Error("written through a link")
	}
	if err := confined.Mkdir(dir, "sub"); err != nil {
		t.Fatal(err)
	}
	if err := confined.Write(dir, "sub/file", nil); err != nil {
		t.Error(err)
	}
	if _, err := confined.Read(dir, "sub/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
