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
	Files  int    `json:"files"`  // number of artefacts
	Bytes  int64  `json:"bytes"`  // of all artefacts
	Copied bool   `json:"copied"` // false if dist/ had it, undamaged
}

// Folder holds extracted kernels on this machine, each in a folder NAME-VERSION-ARCH.
type Folder struct {
	Engine *engine.Client
	Dir    string // dist/kernels
}

// FolderIn returns the folder of extracted kernels in the folder of results.
func FolderIn(dist string) string { return filepath.Join(dist, "kernels") }

// Extract copies the artefacts of a built kernel from its image into
// dist/kernels/NAME-VERSION-ARCH, unless the folder has them. It compares each with the
// sha256 that the build recorded, and replaces the whole folder or nothing. The error is
// ErrNotBuilt, of class fault.Usage, if the engine does not have the image, of class
// fault.Failed if a file is damaged.
func (f Folder) Extract(ctx context.Context, r Result) (Extracted, error) {
	dest := filepath.Join(f.Dir, r.Folder())
	if m, err := CheckFolder(dest); err == nil && m.Plan == r.Plan {
		return extracted(dest, m, false), nil
	}
	if err := os.MkdirAll(f.Dir, 0o755); err != nil {
		return Extracted{}, fault.Wrap(fault.Environment, err)
	}
	sweepPartial(f.Dir)
	temp, err := os.MkdirTemp(f.Dir, partialPrefix)
	if err != nil {
		return Extracted{}, fault.Wrap(fault.Environment, err)
	}
	defer os.RemoveAll(temp)
	if err := f.Engine.CopyFromImage(ctx, r.Image, temp, plan.ResultDir); err != nil {
		if errors.Is(err, engine.ErrNoImage) {
			return Extracted{}, fault.New(fault.Usage, "go tool mage kernel", "extract kernel %s: %w", r.Folder(), ErrNotBuilt)
		}
		return Extracted{}, err
	}
	fresh := filepath.Join(temp, filepath.Base(plan.ResultDir))
	m, err := CheckFolder(fresh)
	if fault.Code(err) == int(fault.Failed) {
		return Extracted{}, fault.New(fault.Failed, "docker rmi "+r.Image+", then go tool mage kernel extract", "extract kernel %s: %w", r.Folder(), err)
	}
	if err != nil {
		return Extracted{}, fmt.Errorf("extract kernel %s: %w", r.Folder(), err)
	}
	if m.Plan != r.Plan {
		return Extracted{}, fault.New(fault.Environment, "extract it a second time: go tool mage extract", "extract kernel %s: a concurrent run has replaced it with a different build", r.Folder())
	}
	if err := os.Chmod(fresh, 0o755); err != nil {
		return Extracted{}, fault.Wrap(fault.Environment, err)
	}
	return extracted(dest, m, true), fault.Wrap(fault.Environment, replace(fresh, dest))
}

// The folders that are being copied to: how their names begin, and the age at which one is
// left from a run that was killed, since no copy takes that long.
const (
	partialPrefix = ".extract-"
	partialMaxAge = time.Hour
)

// sweepPartial removes the folders that killed runs left.
func sweepPartial(dir string) {
	partial, _ := filepath.Glob(filepath.Join(dir, partialPrefix+"*"))
	for _, path := range partial {
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > partialMaxAge {
			os.RemoveAll(path)
		}
	}
}

// extracted describes the folder dest, which has the artefacts of a manifest.
func extracted(dest string, m plan.Manifest, copied bool) Extracted {
	e := Extracted{Folder: dest, Plan: m.Plan, Files: len(m.Artefacts), Copied: copied}
	for _, a := range m.Artefacts {
		e.Bytes += a.Size
	}
	return e
}

// CheckFolder reads a folder's manifest and compares the sha256 of every artefact with it. A
// file that differs is an error of class fault.Failed; one that is missing is fs.ErrNotExist.
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

// Options returns the final configuration of a kernel in a folder: values by option
// ("CONFIG_MODULES": "y"). The folder must have passed CheckFolder.
func Options(folder string) map[string]string {
	text, _ := os.ReadFile(filepath.Join(folder, "config"))
	options, _ := kconfig.Parse("config", string(text)) // written by the kernel's own tools
	return kconfig.Values(options)
}
