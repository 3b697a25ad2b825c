// Package plan is a build as a value: everything that decides the result, and nothing that
// does not. A Plan is printed, hashed, compared and run, on this engine or on a different one; a
// Manifest records what a run made. The package is pure: no engine, no clock, no environment.
// It imports only the standard library, since it is a part of the program that builds kernels
// inside containers.
//
// plan.go has the value, inputs.go what it is made of, check.go what one from a file must be,
// keys.go its hashes, manifest.go the record of a build.
package plan

// Schema is the value of "schema" in plan.json. A plan of a different schema has a different hash.
const Schema = "kiln/plan/v2"

// Plan is a whole build as a value. Its JSON is plan.json.
type Plan struct {
	Schema    string    `json:"schema"`
	Name      string    `json:"name"`
	Version   string    `json:"version"`
	Arch      string    `json:"arch"`
	Source    Source    `json:"source"`            // by the digest of its content
	Patches   []Patch   `json:"patches,omitempty"` // in the order in which they are applied
	Files     []File    `json:"files,omitempty"`   // laid in the source's tree
	Toolchain Toolchain `json:"toolchain"`         // what compiles, by its content
	Config    []Item    `json:"config"`            // what is asked, in its order
	Allow     []string  `json:"allow,omitempty"`   // options that may differ from what is asked
	User      string    `json:"user"`              // that runs the steps, as UID:GID
	Network   string    `json:"network"`           // "none": the build has none
	Env       []string  `json:"env"`               // variables of the steps, as NAME=value
	Kconfig   []string  `json:"kconfig"`           // further variables for tools that read the source's Kconfig files
	Make      []string  `json:"make"`              // how a target of the source's Makefile is made: the target follows
	Mounts    []Mount   `json:"mounts"`            // the folders of the build
	Steps     []Step    `json:"steps"`             // the commands, in their order
}

// The folders of a build, where nothing moves them.
const (
	SourceDir = "/source" // the kernel's tree, read-only
	OutputDir = "/output" // make's O=
	CacheDir  = "/ccache"
	InputDir  = "/input"  // the fragments of the configuration
	ResultDir = "/kernel" // the artefacts: this folder becomes the result
)

// BuildUser is the user that builds, as UID:GID: not root.
const BuildUser = "1000:1000"

// Role is what a folder of a build is for.
type Role string

// The roles of folders.
const (
	SourceRole Role = "source" // the kernel's tree, read-only
	OutputRole Role = "output" // what make writes, kept for the next build of this kernel
	CacheRole  Role = "cache"  // compiled objects, kept for all builds of an architecture
	InputRole  Role = "input"  // what the plan itself holds, written for the steps
	ResultRole Role = "result" // the artefacts
)

// Mount is a folder of the build. What is mounted there is the executor's to choose.
type Mount struct {
	Role Role   `json:"role"` // source, output, cache, input or result
	Path string `json:"path"`
}

// Dir returns the path of the folder with a role, or "".
func (p Plan) Dir(role Role) string {
	for _, m := range p.Mounts {
		if m.Role == role {
			return m.Path
		}
	}
	return ""
}

// Phase is a part of a build.
type Phase string

// The phases, in their order. After the last step of Configure the configuration is final, and
// is compared with what was asked.
const (
	Configure Phase = "configure"
	Compile   Phase = "compile"
	Modules   Phase = "modules"
	Collect   Phase = "collect"
)

// Step is one command of the build.
type Step struct {
	Name  string   `json:"name"`
	Phase Phase    `json:"phase"`          // configure, compile, modules or collect
	Argv  []string `json:"argv"`           // the command, word by word
	Dir   string   `json:"dir,omitempty"`  // its working folder
	When  string   `json:"when,omitempty"` // only if this option is y in the final configuration
	// Clean makes an error message of the command a failure, whatever its exit code.
	Clean bool     `json:"clean,omitempty"`
	In    []string `json:"in,omitempty"`  // files that it reads; the manifest records each by its sha256
	Out   []string `json:"out,omitempty"` // files that it makes, likewise
}

// Folder returns the name of the kernel's folder in dist/kernels: NAME-VERSION-ARCH.
func (p Plan) Folder() string { return p.Name + "-" + p.Version + "-" + p.Arch }

// Folders returns the folders of a plan.
func Folders() []Mount {
	return []Mount{{SourceRole, SourceDir}, {OutputRole, OutputDir}, {CacheRole, CacheDir}, {InputRole, InputDir}, {ResultRole, ResultDir}}
}
