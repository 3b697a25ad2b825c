// Package record reads what is recorded of the kernels in dist/: how each was made and
// what was proven of it.
package record

import (
	"path"
	"path/filepath"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/boot"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/reproduce"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// Record is what stands in a kernel's folder in dist/: how it was made, and what was proven
// of it.
type Record struct {
	Folder   string            `json:"folder"`
	Manifest plan.Manifest     `json:"manifest"`
	Image    plan.Artefact     `json:"image"` // the kernel itself
	Boot     *boot.Report      `json:"boot"`  // nil where this very kernel was not booted
	Rebuild  *reproduce.Report `json:"again"` // nil where it was not built twice
}

// readRecord reads the documents of a kernel's folder. A boot or a second build of
// another kernel than the one that lies there says nothing of it.
func readRecord(dir string) (Record, error) {
	r := Record{Folder: dir}
	err := r.read()
	if err != nil {
		return r, fault.New(fault.Failed, "go tool mage extract, or remove the folder", "read kernel %s: %w", dir, err)
	}
	return r, nil
}

func (r *Record) read() error {
	if err := report.Read(filepath.Join(r.Folder, plan.ManifestFile), &r.Manifest); err != nil {
		return err
	}
	a, err := arch.Find(r.Manifest.Arch)
	if err != nil {
		return err
	}
	r.Image = r.Manifest.Artefact(path.Base(a.Image))
	if r.Boot, err = boot.ReadReport(r.Folder, r.Manifest.Plan, r.Image.SHA256); err != nil {
		return err
	}
	r.Rebuild, err = reproduce.ReadReport(r.Folder, r.Manifest.Plan)
	return err
}
