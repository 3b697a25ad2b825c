package reproduce

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// Schema is the value of "schema" in reproduce.json.
const Schema = "kiln/reproduce/v1"

// ReportFile is the name of the report of a rebuild, in the folder of the kernel.
const ReportFile = "reproduce.json"

// Report compares a second build of a plan with the first: reproduce.json.
type Report struct {
	Schema      string          `json:"schema"`
	Name        string          `json:"name"`
	Version     string          `json:"version"`
	Arch        string          `json:"arch"`
	Plan        string          `json:"plan"`
	Same        bool            `json:"same"`   // every artefact is, byte for byte
	Varied      []string        `json:"varied"` // what differed in how the second build ran
	Artefacts   []plan.Artefact `json:"artefacts"`
	Differences []Difference    `json:"differences"`
	Seconds     float64         `json:"seconds"`
}

// String returns the kernel and the outcome.
func (r Report) String() string {
	return r.Folder() + ": " + r.Outcome()
}

// Folder returns the name of the kernel's folder in dist/kernels: NAME-VERSION-ARCH.
func (r Report) Folder() string { return r.Name + "-" + r.Version + "-" + r.Arch }

// Outcome returns whether the builds are the same, and the differences, a line each.
func (r Report) Outcome() string {
	if r.Same {
		return fmt.Sprintf("reproducible: %d files are the same byte for byte (varied: %s)", len(r.Artefacts), strings.Join(r.Varied, ", "))
	}
	lines := []string{"two builds differ"}
	for _, d := range r.Differences {
		lines = append(lines, "  "+d.String())
	}
	return strings.Join(lines, "\n")
}

// Err returns an error of class fault.Failed if the builds differ.
func (r Report) Err() error {
	if r.Same {
		return nil
	}
	return fault.New(fault.Failed, "", "reproduce kernel %s: two builds of one plan differ", r.Folder())
}

// ReadReport reads the reproduce.json of a folder. It returns nil if there is none, or if it
// is about a different plan, which is given by its sha256.
func ReadReport(folder, hash string) (*Report, error) {
	var r Report
	err := report.Read(filepath.Join(folder, ReportFile), &r)
	if errors.Is(err, fs.ErrNotExist) || err == nil && r.Plan != hash {
		return nil, nil
	}
	return &r, err
}

// CompareArtefacts returns the places in which two folders differ: in the listed artefacts,
// and in files that only the second folder has. vmlinux is no artefact: see Compare.
func CompareArtefacts(first, second string, list []plan.Artefact, m Markers) ([]Difference, error) {
	var names []string
	for _, a := range list {
		names = append(names, a.Path)
	}
	err := filepath.WalkDir(second, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(second, file)
		if name != Vmlinux && !slices.Contains(names, name) {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return nil, fault.Wrap(fault.Environment, err)
	}
	found, err := Compare(first, second, names, m)
	return append([]Difference{}, found...), err // [] in JSON, never null
}
