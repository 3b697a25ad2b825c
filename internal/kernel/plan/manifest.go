package plan

import (
	"fmt"
	"time"

	"github.com/romanatrashyonok/kiln/internal/kernel/source"
)

// ManifestFile is where it lies, beside the artefacts.
const ManifestFile = "manifest.json"

// Beside it lie the log of the build and the plan.
const (
	LogFile  = "build.log"
	PlanFile = "plan.json"
)

// ManifestSchema names the form of manifest.json.
const ManifestSchema = "kiln/manifest/v1"

// Manifest is the record of a build that goes with its artefacts.
type Manifest struct {
	Schema    string          `json:"schema"`
	Name      string          `json:"name"`
	Version   string          `json:"version"`
	Release   string          `json:"release"` // what uname -r says of it
	Arch      string          `json:"arch"`
	Plan      string          `json:"plan"` // sha256
	Source    source.Tree     `json:"source"`
	Patches   []source.Patch  `json:"patches"`
	Toolchain ToolchainRecord `json:"toolchain"`
	Config    ConfigRecord    `json:"config"`
	Steps     []StepRecord    `json:"steps"`
	Cache     CacheRecord     `json:"cache"`
	Artefacts []Artefact      `json:"artefacts"`
	Warnings  []string        `json:"warnings"`
	CPU       float64         `json:"cpu"` // seconds of processor time, over all cores
	Started   time.Time       `json:"started"`
	Why       string          `json:"why"`               // it was built
	Finished  time.Time       `json:"finished,omitzero"` // not there while it is built
}

// ToolchainRecord says what compiled.
type ToolchainRecord struct {
	Image    string `json:"image"`    // its id
	Base     string `json:"base"`     // where its base came from: store, registry, bootstrap
	Compiler string `json:"compiler"` // first line of its --version
	Linker   string `json:"linker"`
}

// ConfigRecord says what became of the configuration.
type ConfigRecord struct {
	SHA256 string `json:"sha256"` // of the final .config
	Asked  int    `json:"asked"`  // options
	Kept   int    `json:"kept"`   // of them as they were asked
}

// StepRecord is a step that was run, and the links of the chain that it made: what it
// read and what came of it.
type StepRecord struct {
	Name    string     `json:"name"`
	Seconds float64    `json:"seconds"`
	Exit    int        `json:"exit"`
	In      []Material `json:"in,omitempty"`
	Out     []Material `json:"out,omitempty"`
}

// Material is a file in the build's container at one moment.
type Material struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
}

// Artefact is a file that the build made.
type Artefact struct {
	Path   string `json:"path"` // within the folder of the manifest
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"` // bytes
}

// Artefact returns one by its path; the zero value where there is none.
func (m Manifest) Artefact(path string) Artefact {
	for _, a := range m.Artefacts {
		if a.Path == path {
			return a
		}
	}
	return Artefact{}
}

// SumOf returns the sha256 of an artefact, or "".
func (m Manifest) SumOf(path string) string { return m.Artefact(path).SHA256 }

// CacheRecord counts what ccache had and had not, in compiler calls of this build.
type CacheRecord struct {
	Hits   int `json:"hits"`
	Misses int `json:"misses"`
	// Uncacheable calls are those that ccache leaves alone: .incbin, which it cannot
	// see through, above all.
	Uncacheable int `json:"uncacheable"`
}

// Reproducible gives the artefacts that another build must give again: not the log and
// the record of how it went.
func (m Manifest) Reproducible() (list []Artefact) {
	for _, a := range m.Artefacts {
		if a.Path != LogFile && a.Path != PlanFile {
			list = append(list, a)
		}
	}
	return list
}

// TimeEnv returns the variables that fix the time of a build, in seconds since 1970, for
// the kernel and for the tools that it calls.
func TimeEnv(seconds int64) []string {
	return []string{"KBUILD_BUILD_TIMESTAMP=" + Stamp(seconds), fmt.Sprintf("SOURCE_DATE_EPOCH=%d", seconds)}
}

// Stamp writes a build time, in seconds since 1970, as date(1) does: the kernel shows it
// in exactly this form.
func Stamp(seconds int64) string {
	return time.Unix(seconds, 0).UTC().Format("Mon Jan _2 15:04:05 UTC 2006")
}
