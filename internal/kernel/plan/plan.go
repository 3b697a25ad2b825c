// Package plan makes a build a value: everything that decides the result, and nothing
// that does not. A Plan is printed, hashed, compared and run; a Manifest records what a
// run made. The package is pure: no engine, no clock, no environment.
//
//	Spec + source.Ref + Toolchain -> Plan
//
// plan.go has the value, steps.go the commands of a build, env.go what they see,
// differences.go why a kernel is rebuilt, print.go the text for people.
package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// The folders of a build container.
const (
	SourceDir = "/source" // the kernel's tree, read-only
	OutputDir = "/output" // make's O=
	CacheDir  = "/ccache"
	InputDir  = "/input"  // the fragments of the configuration
	ResultDir = "/kernel" // the artefacts: this folder becomes the result image
)

// BuildUser is the user that builds, as UID:GID: not root.
const BuildUser = "1000:1000"

// ProbeDir keeps the compilers' answers to probes of their features (see kiln-cc), a
// folder for each toolchain.
const ProbeDir = CacheDir + "/kiln-probes"

// Plan is a whole build as a value. Its JSON is plan.json.
type Plan struct {
	Name      string         `json:"name"`
	Version   string         `json:"version"`
	Arch      string         `json:"arch"`
	Source    source.Ref     `json:"source"`
	Patches   []source.Patch `json:"patches,omitempty"`
	Files     []source.File  `json:"files,omitempty"` // laid in the source's tree
	Toolchain Toolchain      `json:"toolchain"`
	Config    []spec.Item    `json:"config"`
	User      string         `json:"user"`
	Network   string         `json:"network"`
	Env       []string       `json:"env"`
	Mounts    []Mount        `json:"mounts"`
	Steps     []Step         `json:"steps"`
}

// Toolchain is the image that builds.
type Toolchain struct {
	Image    string   `json:"image"` // its id
	Packages []string `json:"packages"`
	From     string   `json:"-"` // where its base came from this time; the image's id identifies its content
}

// Mount puts a volume into the build's container.
type Mount struct {
	Volume   string `json:"volume"`
	Path     string `json:"path"`
	ReadOnly bool   `json:"readonly,omitempty"`
}

// Step is one command of the build.
type Step struct {
	Name string   `json:"name"`
	Argv []string `json:"argv"`
	Dir  string   `json:"dir,omitempty"`
	Root bool     `json:"root,omitempty"` // as root, not as the plan's user
	When string   `json:"when,omitempty"` // only if this option is y in the final configuration
	// Checks marks the step after which the configuration is final and is compared with
	// what was asked.
	Checks bool `json:"checks,omitempty"`
	// Clean makes an error message of the command a failure, whatever its exit code.
	Clean bool `json:"clean,omitempty"`
	// In and Out are the files that the step reads and makes. The manifest records each
	// by its sha256.
	In  []string `json:"in,omitempty"`
	Out []string `json:"out,omitempty"`
}

// New returns the plan that builds a kernel from a source with a toolchain.
func New(s spec.Spec, ref source.Ref, tools Toolchain) Plan {
	p := Plan{
		Name: s.Name, Version: ref.Version.String(), Arch: s.Arch.Name,
		Source: ref, Patches: s.Patches, Files: s.Files, Toolchain: tools, Config: s.Config,
		User: BuildUser, Network: "none", Env: environment(s),
	}
	p.Mounts = []Mount{
		{Volume: source.Volume(ref, s.Patches, s.Files...), Path: SourceDir, ReadOnly: true},
		{Volume: p.OutputVolume(), Path: OutputDir},
		{Volume: "kiln-ccache-" + s.Arch.Name, Path: CacheDir},
	}
	p.Steps = steps(s)
	return p
}

// Folder returns the name of the kernel's folder in dist/kernels: NAME-VERSION-ARCH.
func (p Plan) Folder() string { return p.Name + "-" + p.Version + "-" + p.Arch }

// Hash identifies the build: it returns the sha256 of the plan as JSON, in hex.
func (p Plan) Hash() string { return hash(p) }

// AskedHash returns the sha256, in hex, of the steps that make the configuration and of
// their input.
func (p Plan) AskedHash() string { return hash([]any{p.Config, p.Steps[:p.ChecksAt()+1]}) }

// FilesHash returns the sha256, in hex, of the list of files that are laid in the source's
// tree, or "" where there are none.
func (p Plan) FilesHash() string {
	if len(p.Files) == 0 {
		return ""
	}
	return hash(p.Files)
}

// hash returns the sha256 of plain values as JSON, in hex.
func hash(v any) string {
	text, _ := json.Marshal(v) // plain values: cannot fail
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// ChecksAt returns the index of the step that makes the configuration final.
func (p Plan) ChecksAt() int {
	return slices.IndexFunc(p.Steps, func(s Step) bool { return s.Checks })
}

// OutputVolume returns the name of the volume of the output tree: one for each kernel and
// architecture, in which each build continues from the previous one where it can.
func (p Plan) OutputVolume() string { return "kiln-output-" + p.Name + "-" + p.Arch }

// Output returns the name of the volume that the plan mounts as its output tree.
func (p Plan) Output() string {
	for _, m := range p.Mounts {
		if m.isOutput() {
			return m.Volume
		}
	}
	return ""
}

// WithOutputSuffix returns the plan with a suffix to the name of the output's volume, for
// work beside a build.
func (p Plan) WithOutputSuffix(suffix string) Plan {
	p.Mounts = slices.Clone(p.Mounts)
	for i := range p.Mounts {
		if p.Mounts[i].isOutput() {
			p.Mounts[i].Volume += suffix
		}
	}
	return p
}

// isOutput reports whether the output tree is mounted there, or, of a rebuild that varies
// its folders, below a different root.
func (m Mount) isOutput() bool { return strings.HasSuffix(m.Path, OutputDir) }
