// Package imagebuildtest builds small images for tests, without an engine.
package imagebuildtest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/imagebuild"
)

// Bare returns an empty base for Linux on an architecture.
func Bare(arch string) imagebuild.Base {
	return imagebuild.Base{Config: fmt.Appendf(nil, `{"architecture":%q,"os":"linux","rootfs":{"type":"layers","diff_ids":[]}}`, arch)}
}

// Tiny returns an image of one file with the text on a base.
func Tiny(t testing.TB, base imagebuild.Base, text string, created time.Time) *imagebuild.Image {
	t.Helper()
	dir := t.TempDir()
	for name, body := range map[string]string{"Dockerfile": "ARG BASE\nFROM ${BASE}\nCOPY file /file\n", "file": text} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(dir, name), created, created); err != nil {
			t.Fatal(err)
		}
	}
	dockerfile, err := imagebuild.ReadDockerfile(filepath.Join(dir, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	image, err := dockerfile.Image(base, imagebuild.Input{Context: os.DirFS(dir), Created: created})
	if err != nil {
		t.Fatal(err)
	}
	return image
}
