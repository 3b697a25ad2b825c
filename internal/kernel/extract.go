package kernel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// Extracted is a kernel in dist/.
type Extracted struct {
	Folder string `json:"folder"`
	Plan   string `json:"plan"`
	Files  int    `json:"files"`
	Bytes  int64  `json:"bytes"`
	Copied bool   `json:"copied"` // false where it was there already, unharmed
}

// Extract copies the artefacts of a built kernel into dist/kernels/NAME-VERSION-ARCH.
// Each is compared with the sha256 that was recorded where it was made. The folder
// is replaced whole or not at all.
func (w *Builder) Extract(ctx context.Context, r Result) (Extracted, error) {
	dest := filepath.Join(w.Dist, "kernels", filepath.Base(r.Folder()))
	if m, err := checkFolder(dest); err == nil && m.Plan == r.Plan {
		return extracted(dest, m, false), nil
	}
	if err := os.MkdirAll(filepath.Dir(dest), 0o755); err != nil {
		return Extracted{}, fault.Wrap(fault.Environment, err)
	}
	sweepPartial(filepath.Dir(dest))
	temp, err := os.MkdirTemp(filepath.Dir(dest), partialPrefix)
	if err != nil {
		return Extracted{}, fault.Wrap(fault.Environment, err)
	}
	defer os.RemoveAll(temp)
	if err := w.Engine.CopyFromImage(ctx, r.Image, resultDir, temp); err != nil {
		if errors.Is(err, engine.ErrNoImage) {
			return Extracted{}, fault.New(fault.Usage, "go tool mage kernel", "extract kernel %s: %w", filepath.Base(dest), ErrNotBuilt)
		}
		return Extracted{}, err
	}
	fresh := filepath.Join(temp, filepath.Base(resultDir))
	m, err := checkFolder(fresh)
	if err != nil {
		return Extracted{}, fmt.Errorf("extract kernel %s: %w", filepath.Base(dest), err)
	}
	if m.Plan != r.Plan {
		return Extracted{}, fault.New(fault.Environment, "run it again", "extract kernel %s: another run has meanwhile built another one of this name", filepath.Base(dest))
	}
	if err := os.Chmod(fresh, 0o755); err != nil {
		return Extracted{}, fault.Wrap(fault.Environment, err)
	}
	return extracted(dest, m, true), fault.Wrap(fault.Environment, replace(fresh, dest))
}

// partialPrefix begins the names of folders that are being copied to; none is copied to for
// as long as halfAge.
const (
	partialPrefix = ".extract-"
	partialMaxAge = time.Hour
)

// sweepPartial removes what runs left that were killed while they copied.
func sweepPartial(dir string) {
	halves, _ := filepath.Glob(filepath.Join(dir, partialPrefix+"*"))
	for _, half := range halves {
		if info, err := os.Stat(half); err == nil && time.Since(info.ModTime()) > partialMaxAge {
			os.RemoveAll(half)
		}
	}
}

func extracted(dest string, m Manifest, copied bool) Extracted {
	e := Extracted{Folder: dest, Plan: m.Plan, Files: len(m.Artefacts), Copied: copied}
	for _, a := range m.Artefacts {
		e.Bytes += a.Size
	}
	return e
}

// checkFolder reads a folder's manifest and compares every artefact with it.
func checkFolder(dir string) (Manifest, error) {
	var m Manifest
	if err := report.Read(filepath.Join(dir, manifestFile), &m); err != nil {
		return m, err
	}
	for _, a := range m.Artefacts {
		got, err := trust.HashFile(filepath.Join(dir, a.Path))
		if err != nil {
			return m, err
		}
		if got != a.SHA256 {
			return m, fault.New(fault.Failed, "", "%s is damaged: sha256 %s, recorded %s", a.Path, got, a.SHA256)
		}
	}
	return m, nil
}
