package plan

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"time"
)

// The files that record a build, in the folder of its artefacts.
const (
	ManifestFile = "manifest.json"
	LogFile      = "build.log"
	PlanFile     = "plan.json"
)

// ManifestSchema is the value of "schema" in manifest.json.
const ManifestSchema = "kiln/manifest/v1"

// Manifest is the record of a build, published with its artefacts: manifest.json.
type Manifest struct {
	Schema  string `json:"schema"`
	Name    string `json:"name"`
	Version string `json:"version"`
	Release string `json:"release"` // what uname -r prints in it
	Arch    string `json:"arch"`
	Plan    string `json:"plan"` // sha256
	Key     string `json:"key"`  // sha256, see Plan.Key
	// FoundBy is FoundByConfiguration where a result of a different plan, BuiltAs, was taken
	// because its configuration is the same.
	FoundBy   string          `json:"found_by,omitempty"` // "configuration" if the result of a different plan was taken, because its configuration is the same
	BuiltAs   string          `json:"built_as,omitempty"` // sha256 of the plan that the result was built from, if it was found
	Source    SourceRecord    `json:"source"`
	Patches   []Patch         `json:"patches"`
	Files     []File          `json:"files,omitempty"` // laid in the source's tree
	Toolchain ToolchainRecord `json:"toolchain"`
	Config    ConfigRecord    `json:"config"`
	Steps     []StepRecord    `json:"steps"`
	Cache     CacheRecord     `json:"cache"`
	Artefacts []Artefact      `json:"artefacts"`
	Warnings  []string        `json:"warnings"`
	CPU       float64         `json:"cpu"` // seconds of processor time, over all cores
	Started   time.Time       `json:"started"`
	Why       string          `json:"why"`               // the reason for the build
	Finished  time.Time       `json:"finished,omitzero"` // absent during the build
}

// FoundByConfiguration is the key by which a result was found that no plan of this hash made.
const FoundByConfiguration = "configuration"

// SourceRecord is the source of a build, and what is known about who made it.
type SourceRecord struct {
	Source
	Signature Signature `json:"signature"`
}

// Signature is what is known about who made a source.
type Signature struct {
	Status string `json:"status"` // a trust.State, or "none"
	Signer string `json:"signer"` // who vouches for it
}

// ToolchainRecord is the toolchain of a build.
type ToolchainRecord struct {
	Image    string `json:"image"`    // its id
	Base     string `json:"base"`     // where its base came from: store, registry, bootstrap
	Compiler string `json:"compiler"` // first line of its --version
	Linker   string `json:"linker"`
}

// ConfigRecord compares the final configuration with what was asked.
type ConfigRecord struct {
	SHA256 string `json:"sha256"` // of the final .config
	Asked  int    `json:"asked"`  // number of options
	Kept   int    `json:"kept"`   // how many of them have the asked value
}

// StepRecord is a step that was run, with the files that it read and made.
type StepRecord struct {
	Name    string     `json:"name"`
	Seconds float64    `json:"seconds"`
	Exit    int        `json:"exit"` // exit code
	In      []Material `json:"in,omitempty"`
	Out     []Material `json:"out,omitempty"`
}

// Material is a file in the build's container at one moment.
type Material struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
}

// Artefact is a file that the build made and that is kept.
type Artefact struct {
	Path   string `json:"path"` // relative to the folder of the manifest
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"` // bytes
}

// Artefact returns the artefact at a path, or the zero value.
func (m Manifest) Artefact(path string) Artefact {
	for _, a := range m.Artefacts {
		if a.Path == path {
			return a
		}
	}
	return Artefact{}
}

// SumOf returns the sha256 of the artefact at a path, or "".
func (m Manifest) SumOf(path string) string { return m.Artefact(path).SHA256 }

// CacheRecord counts the compiler calls of a build by what ccache did with them.
type CacheRecord struct {
	Hits   int `json:"hits"`
	Misses int `json:"misses"`
	// Uncacheable calls bypass ccache: mostly sources with .incbin, whose files it does
	// not see.
	Uncacheable int `json:"uncacheable"`
}

// Reproducible returns the artefacts that a second build must reproduce byte for byte: all
// but the log and the plan.
func (m Manifest) Reproducible() (list []Artefact) {
	for _, a := range m.Artefacts {
		if a.Path != LogFile && a.Path != PlanFile {
			list = append(list, a)
		}
	}
	return list
}

// Resum replaces the sum and size of the artefact at a path by those of its new content.
func (m *Manifest) Resum(path string, content []byte) {
	m.Artefacts = slices.Clone(m.Artefacts)
	for i := range m.Artefacts {
		if m.Artefacts[i].Path == path {
			m.Artefacts[i].SHA256, m.Artefacts[i].Size = fmt.Sprintf("%x", sha256.Sum256(content)), int64(len(content))
		}
	}
}
