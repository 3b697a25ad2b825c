package kernel

import (
	"errors"
	"io/fs"
	"path"
	"path/filepath"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/boot"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// Record is what stands in a kernel's folder in dist/: how it was made, and what was proven
// of it.
type Record struct {
	Folder   string        `json:"folder"`
	Manifest Manifest      `json:"manifest"`
	Image    Artefact      `json:"image"` // the kernel itself
	Boot     *boot.Report  `json:"boot"`  // nil where this very kernel was not booted
	Rebuild  *Reproduction `json:"again"` // nil where it was not built twice
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
	if err := report.Read(filepath.Join(r.Folder, manifestFile), &r.Manifest); err != nil {
		return err
	}
	a, err := arch.Find(r.Manifest.Arch)
	if err != nil {
		return err
	}
	r.Image = r.Manifest.artefact(path.Base(a.Image))
	var booted boot.Report
	if there, err := readIfThere(filepath.Join(r.Folder, bootFile), &booted); err != nil {
		return err
	} else if there && booted.Plan == r.Manifest.Plan && booted.Image == r.Image.SHA256 {
		r.Boot = &booted
	}
	var again Reproduction
	if there, err := readIfThere(filepath.Join(r.Folder, reproduceFile), &again); err != nil {
		return err
	} else if there && again.Plan == r.Manifest.Plan {
		r.Rebuild = &again
	}
	return nil
}

// readIfThere reads a document, and tells whether there is one.
func readIfThere(file string, into any) (bool, error) {
	err := report.Read(file, into)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
