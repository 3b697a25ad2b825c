package record

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// Provenance is where a kernel in dist/ comes from, and how it was verified.
type Provenance struct {
	Record
	Intact bool `json:"unharmed"` // every file has the sha256 of the manifest
}

// Err returns an error of class fault.Failed if the files are not intact.
func (p Provenance) Err() error {
	if p.Intact {
		return nil
	}
	return fault.New(fault.Failed, "go tool mage extract", "check kernel %s: its files differ from its manifest", p.Folder)
}

// Why returns the provenance of the kernels in the folders of dir whose folder is name or
// begins with it and "-" ("micro", "micro-6.12.117"); "" selects all. A folder whose
// documents cannot be read is an error of class fault.Failed that names it; a name that
// selects nothing is one of class fault.Usage.
func Why(dir, name string) (list []Provenance, err error) {
	found, err := folders(dir)
	if err != nil {
		return nil, err
	}
	var known []string
	for _, folder := range found {
		base := filepath.Base(folder)
		known = append(known, base)
		if name != "" && base != name && !strings.HasPrefix(base, name+"-") {
			continue
		}
		record, err := readRecord(folder)
		if err != nil {
			return nil, err
		}
		_, damage := result.CheckFolder(folder)
		list = append(list, Provenance{Record: record, Intact: damage == nil})
	}
	if len(list) == 0 {
		return nil, noneFound(dir, name, known)
	}
	return list, nil
}

// noneFound returns the error about a name that no known kernel of a folder begins with.
func noneFound(dir, name string, known []string) error {
	if len(known) == 0 {
		return fault.New(fault.Usage, "go tool mage kernel extract", "find kernels: %s has none", dir)
	}
	return fault.New(fault.Usage, "choose one of them, or go tool mage kernel extract", "find kernel %q: %s has %s", name, dir, strings.Join(known, ", "))
}

// String returns the provenance from the signed source to the booted image, a line for each
// fact.
func (p Provenance) String() string {
	m := p.Manifest
	var b strings.Builder
	line := func(label, format string, args ...any) {
		fmt.Fprintf(&b, "  %-10s %s\n", label, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(&b, "%s, plan %.12s\n", filepath.Base(p.Folder), m.Plan)
	if m.Why != "" {
		line("reason", "%s", m.Why)
	}
	if m.FoundBy != "" {
		line("found by", "its %s: built as plan %.12s", m.FoundBy, m.BuiltAs)
	}
	line("source", "%s; signature: %s", m.Source.Source, strings.TrimSpace(m.Source.Signature.Status+" "+m.Source.Signature.Signer))
	for _, patch := range m.Patches {
		line("patch", "%s (%.12s)", patch.Name, patch.SHA256)
	}
	for _, f := range m.Files {
		line("file", "%s", f)
	}
	line("toolchain", "%s; %s; image %.19s, base from %s", m.Toolchain.Compiler, m.Toolchain.Linker, m.Toolchain.Image, m.Toolchain.Base)
	line("config", "%d options asked, %d kept (%.12s)", m.Config.Asked, m.Config.Kept, m.Config.SHA256)
	for _, step := range m.Steps {
		line("step", "%s, %s%s", step.Name, seconds(step.Seconds), materials(step))
	}
	line("built", "%s in %s; ccache hits: %d of %d; warnings: %d",
		m.Finished.Format("2006-01-02 15:04 UTC"), report.Duration(m.Finished.Sub(m.Started)), m.Cache.Hits, m.Cache.Hits+m.Cache.Misses, len(m.Warnings))
	for _, a := range m.Artefacts {
		line("artefact", "%s, %s (%.12s)", a.Path, report.Bytes(a.Size), a.SHA256)
	}
	line("files", "%s", p.files())
	line("boot", "%s", p.boot())
	line("rebuild", "%s", p.rebuild())
	return b.String()
}

func (p Provenance) files() string {
	if p.Intact {
		return "match the manifest"
	}
	return "DO NOT match the manifest; restore them: go tool mage extract"
}

func (p Provenance) boot() string {
	if p.Boot == nil {
		return "not booted yet: go tool mage kernel:boot"
	}
	return fmt.Sprintf("%s; image %.12s", p.Boot.Outcome(), p.Boot.Image)
}

func (p Provenance) rebuild() string {
	if p.Rebuild == nil {
		return "not reproduced yet: go tool mage kernel:reproduce"
	}
	return strings.ReplaceAll(p.Rebuild.Outcome(), "\n", "\n             ")
}

func seconds(s float64) string { return report.Duration(time.Duration(s * float64(time.Second))) }

// materials returns what a step read and made: ": .config (4f1c...) -> bzImage (09ab...)".
func materials(s plan.StepRecord) string {
	list := func(files []plan.Material) string {
		var words []string
		for _, f := range files {
			words = append(words, fmt.Sprintf("%s (%.12s)", filepath.Base(f.Path), f.SHA256))
		}
		return strings.Join(words, " ")
	}
	if len(s.Out) == 0 {
		return ""
	}
	return ": " + strings.TrimSpace(list(s.In)+" -> "+list(s.Out))
}
