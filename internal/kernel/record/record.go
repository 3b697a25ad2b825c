// Package record reads what is recorded of the kernels in dist/: how each was made, whether
// it boots, and whether it can be reproduced.
package record

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/boot"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/reproduce"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// Record is the content of the documents in a kernel's folder in dist/.
type Record struct {
	Folder   string            `json:"folder"`
	Manifest plan.Manifest     `json:"manifest"`
	Image    plan.Artefact     `json:"image"` // the kernel itself
	Boot     *boot.Report      `json:"boot"`  // nil if this kernel was not booted
	Rebuild  *reproduce.Report `json:"again"` // nil if its plan was not built a second time
}

// readRecord reads the documents of a kernel's folder. A report about a different plan or
// image than the folder's is ignored.
func readRecord(dir string) (Record, error) {
	r := Record{Folder: dir}
	if err := r.read(); err != nil {
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

// folders returns the folders of dir that have a manifest, by name; none if dir does not
// exist.
func folders(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(fault.Environment, err)
	}
	var list []string
	for _, entry := range entries {
		folder := filepath.Join(dir, entry.Name())
		if _, err := os.Stat(filepath.Join(folder, plan.ManifestFile)); err == nil {
			list = append(list, folder)
		}
	}
	return list, nil
}
