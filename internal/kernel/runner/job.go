// Package runner is what a build's executor and the program that builds inside its container
// exchange: the job, the events, and the state of the output tree. The program is cmd/runner; package
// runner/build does its work.
//
//	Job -> cmd/runner -> Events on standard output, artefacts and manifest in the result folder
//
// It, and all packages below it, import only the standard library and packages that do, because
// the program is compiled on its own.
package runner

import "github.com/romanatrashyonok/kiln/internal/kernel/plan"

// Job is a plan to carry out, with the settings of this run, which do not affect its result.
type Job struct {
	Plan  plan.Plan `json:"plan"`
	Until string    `json:"until,omitempty"` // Configured or Opened: stop there; "" to build
	Why   string    `json:"why"`             // reason for the build, for the manifest

	Jobs      int    `json:"jobs"`                // for make
	Jobserver string `json:"jobserver,omitempty"` // fifo that shares jobs with other builds, of which this one holds a token; "" for none
	Cache     int64  `json:"cache"`               // bytes that ccache may take; 0 compiles everything
	Namespace string `json:"namespace,omitempty"` // of what is cached
	// Scratch builds from nothing, and leaves no state in the output tree.
	Scratch bool `json:"scratch,omitempty"`

	SourceID string   `json:"source_id"` // names the source's content, patches and files included
	Earlier  Earlier  `json:"earlier"`   // how the source differs from what the output was built from
	Lines    int64    `json:"lines"`     // that make printed in the last build from nothing; 0 if unknown
	Warnings []string `json:"warnings"`  // of the kernel's last result

	// Results are the second keys (see plan.Plan.Key) of results that exist. The run ends when
	// its configuration turns out to be that of one of them.
	Results []string `json:"results,omitempty"`

	Signature plan.Signature `json:"signature"` // of the source, for the manifest

	Image   string            `json:"image"`             // id of the toolchain's image, for the manifest
	Base    string            `json:"base"`              // where its base came from, for the manifest
	Files   map[string]string `json:"files,omitempty"`   // further texts by their paths
	Prepare [][]string        `json:"prepare,omitempty"` // commands that run as root before anything else
}

// Where a run may stop.
const (
	Opened     = "opened"     // the folders are prepared, for a shell
	Configured = "configured" // the configuration is made and compared; what it lacks is no error
)

// Earlier is how the source differs from the sources that objects in the output tree may be from.
type Earlier struct {
	Sources  []string `json:"sources,omitempty"` // ids of those that were compared; files that differ are newer now
	Known    bool     `json:"known"`             // false where one of them is gone or unrelated
	Files    int      `json:"files"`             // how many files and folders differ
	CodeOnly bool     `json:"code_only"`         // only compiled code does
}
