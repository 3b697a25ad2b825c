package source

import (
	"fmt"
	"path/filepath"

	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
)

// Patch is a change that is applied to a source, in order.
type Patch struct {
	Name   string `json:"name"` // its file's name
	SHA256 string `json:"sha256"`
	Path   string `json:"-"` // where it is on this machine
}

// ReadPatch hashes the patch at path, which is relative to dir unless it is absolute.
func ReadPatch(dir, path string) (Patch, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	sum, err := trust.HashFile(path)
	if err != nil {
		return Patch{}, fmt.Errorf("read patch: %w", err)
	}
	return Patch{Name: filepath.Base(path), SHA256: sum, Path: path}, nil
}
