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

// Provenance is where a kernel in dist/ comes from and what was proven of it.
type Provenance struct {
	Record
	Unharmed bool `json:"unharmed"` // every file is as the manifest says
}

// Err makes an error of files that are not as the manifest says.
func (s Provenance) Err() error {
	if s.Unharmed {
		return nil
	}
	return fault.New(fault.Failed, "go tool mage extract", "the files in %s are not as its manifest says", s.Folder)
}

// Why tells the stories of the kernels in dist/ whose name, or name and version and
// architecture, begins so. A document that cannot be read is an error that names its
// folder.
func Why(dir, name string) (list []Provenance, err error) {
	folders, err := filepath.Glob(filepath.Join(dir, "*", plan.ManifestFile))
	if err != nil {
		return nil, err
	}
	var known []string
	for _, path := range folders {
		folder := filepath.Dir(path)
		known = append(known, filepath.Base(folder))
		if base := filepath.Base(folder); base == name || strings.HasPrefix(base, name+"-") || name == "" {
			record, err := readRecord(folder)
			if err != nil {
				return nil, err
			}
			_, damage := result.CheckFolder(folder)
			list = append(list, Provenance{Record: record, Unharmed: damage == nil})
		}
	}
	if len(list) == 0 {
		return nil, fault.New(fault.Usage, "go tool mage kernel extract", "find kernel %q in %s: there are %v", name, dir, known)
	}
	return list, nil
}

// String tells the story from the signed source to the booted image.
func (s Provenance) String() string {
	m := s.Manifest
	var b strings.Builder
	tell := func(what, format string, args ...any) {
		fmt.Fprintf(&b, "  %-10s %s\n", what, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(&b, "%s, plan %.12s\n", filepath.Base(s.Folder), m.Plan)
	if m.Why != "" {
		tell("why", "%s", m.Why)
	}
	tell("source", "%s; %s, %s", m.Source.Ref, m.Source.Signature.Status, m.Source.Signature.Signer)
	for _, p := range m.Patches {
		tell("patch", "%s (%.12s)", p.Name, p.SHA256)
	}
	tell("toolchain", "%s; %s; image %.19s on a base from %s", m.Toolchain.Compiler, m.Toolchain.Linker, m.Toolchain.Image, m.Toolchain.Base)
	tell("config", "%d options asked, %d kept (%.12s)", m.Config.Asked, m.Config.Kept, m.Config.SHA256)
	for _, step := range m.Steps {
		tell("step", "%s, %s%s", step.Name, seconds(step.Seconds), materials(step))
	}
	tell("built", "%s in %s; ccache had %d of %d objects; %d warnings",
		m.Finished.Format("2006-01-02 15:04 UTC"), report.Duration(m.Finished.Sub(m.Started)), m.Cache.Hits, m.Cache.Hits+m.Cache.Misses, len(m.Warnings))
	for _, a := range m.Artefacts {
		tell("artefact", "%s, %s (%.12s)", a.Path, report.Bytes(a.Size), a.SHA256)
	}
	tell("files", "%s", map[bool]string{true: "as recorded", false: "NOT as recorded: go tool mage extract copies them anew"}[s.Unharmed])
	tell("boot", "%s", s.boot())
	tell("again", "%s", s.again())
	return b.String()
}

func (s Provenance) boot() string {
	if s.Boot == nil {
		return "not booted yet: go tool mage kernel:boot"
	}
	return fmt.Sprintf("%s; image %.12s", *s.Boot, s.Boot.Image)
}

func (s Provenance) again() string {
	if s.Rebuild == nil {
		return "not built twice yet: go tool mage kernel:reproduce"
	}
	return strings.ReplaceAll(s.Rebuild.String(), "\n", "\n             ")
}

func seconds(s float64) string { return report.Duration(time.Duration(s * float64(time.Second))) }

// materials tells what came of what in a step.
func materials(r plan.StepRecord) string {
	list := func(links []plan.Material) string {
		var words []string
		for _, l := range links {
			words = append(words, fmt.Sprintf("%s (%.12s)", filepath.Base(l.Path), l.SHA256))
		}
		return strings.Join(words, " ")
	}
	if len(r.Out) == 0 {
		return ""
	}
	return ": " + strings.TrimSpace(list(r.In)+" -> "+list(r.Out))
}
