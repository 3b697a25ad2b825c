package result

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
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

// Folder keeps extracted kernels in folders of this machine, NAME-VERSION-ARCH.
type Folder struct {
	Engine *engine.Client
	Dir    string // dist/kernels
}

// FolderIn returns where extracted kernels are in the folder of results.
func FolderIn(dist string) string { return filepath.Join(dist, "kernels") }

// Extract copies the artefacts of a built kernel into dist/kernels/NAME-VERSION-ARCH.
// Each is compared with the sha256 that was recorded where it was made. The folder
// is replaced whole or not at all.
func (f Folder) Extract(ctx context.Context, r Result) (Extracted, error) {
	dest := filepath.Join(f.Dir, filepath.Base(r.Folder()))
	if m, err := CheckFolder(dest); err == nil && m.Plan == r.Plan {
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
	if err := f.Engine.CopyFromImage(ctx, r.Image, plan.ResultDir, temp); err != nil {
		if errors.Is(err, engine.ErrNoImage) {
			return Extracted{}, fault.New(fault.Usage, "go tool mage kernel", "extract kernel %s: %w", filepath.Base(dest), ErrNotBuilt)
		}
		return Extracted{}, err
	}
	fresh := filepath.Join(temp, filepath.Base(plan.ResultDir))
	m, err := CheckFolder(fresh)
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

func extracted(dest string, m plan.Manifest, copied bool) Extracted {
	e := Extracted{Folder: dest, Plan: m.Plan, Files: len(m.Artefacts), Copied: copied}
	for _, a := range m.Artefacts {
		e.Bytes += a.Size
	}
	return e
}

// CheckFolder reads a folder's manifest and compares every artefact with it. A file that
// differs is an error of class fault.Failed.
func CheckFolder(dir string) (plan.Manifest, error) {
	var m plan.Manifest
	if err := report.Read(filepath.Join(dir, plan.ManifestFile), &m); err != nil {
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

// Options reads the final configuration of a kernel that was extracted to a folder, by
// option. The folder was compared with its manifest before.
func Options(folder string) map[string]string {
	text, _ := os.ReadFile(filepath.Join(folder, "config"))
	options, _ := kconfig.Parse("config", string(text)) // written by the kernel's own tools
	return kconfig.Values(options)
}
