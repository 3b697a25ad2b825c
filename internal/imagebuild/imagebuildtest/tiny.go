// Package imagebuildtest makes little images for tests, without an engine.
package imagebuildtest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/imagebuild"
)

// Bare is a base of nothing, for Linux on an architecture.
func Bare(arch string) imagebuild.Base {
	return imagebuild.Base{Config: fmt.Appendf(nil, `{"architecture":%q,"os":"linux","rootfs":{"type":"layers","diff_ids":[]}}`, arch)}
}

// Tiny puts one file on a base; another text is another image.
func Tiny(t testing.TB, base imagebuild.Base, text string, made time.Time) *imagebuild.Image {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"Dockerfile": "ARG BASE\nFROM ${BASE}\nCOPY file /file\n", "file": text} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(dir, name), made, made); err != nil {
			t.Fatal(err)
		}
	}
	r, err := imagebuild.ReadDockerfile(filepath.Join(dir, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	image, err := r.Image(base, imagebuild.Input{Context: os.DirFS(dir), Created: made})
	if err != nil {
		t.Fatal(err)
	}
	return image
}
