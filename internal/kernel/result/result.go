// Package result stores what builds made, by the digest of the plan that made it: in an
// engine's store of images, and in the folders of dist/kernels.
//
//	Plan -> Store -> Result -> Folder -> dist/kernels/NAME-VERSION-ARCH
package result

import (
	"errors"
	"time"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// Result is a built kernel: an image in the engine.
type Result struct {
	Name    string  `json:"name"`
	Version string  `json:"version"`
	Arch    string  `json:"arch"`
	Plan    string  `json:"plan"`    // sha256
	Image   string  `json:"image"`   // kiln/kernel:NAME-VERSION-ARCH
	Built   bool    `json:"built"`   // false if the store had the result
	Why     string  `json:"why"`     // the reason for the build, or for none
	Seconds float64 `json:"seconds"` // wall time of the run
}

// Of returns the result of a plan that is to be built.
func Of(p plan.Plan) Result {
	return Result{Name: p.Name, Version: p.Version, Arch: p.Arch, Plan: p.Hash(), Image: Tag(p.Folder())}
}

// String returns the result in a line.
func (r Result) String() string {
	return r.Image + ": " + r.Outcome()
}

// Outcome returns how long the build took, or why there was none.
func (r Result) Outcome() string {
	if !r.Built {
		return r.Why
	}
	return "built in " + report.Duration(time.Duration(r.Seconds*float64(time.Second)))
}

// Folder returns the name of the kernel's folder in dist/kernels: NAME-VERSION-ARCH.
func (r Result) Folder() string { return r.Name + "-" + r.Version + "-" + r.Arch }

// ErrNotBuilt is the error for a kernel that a store does not have.
var ErrNotBuilt = errors.New("not built")

// The labels of a result's image.
const (
	LabelPlan    = "kiln.plan"   // sha256 of the plan that made it
	LabelInputs  = "kiln.inputs" // plan.Plan.Inputs
	LabelKey     = "kiln.key"    // plan.Plan.Key: of the configuration instead of what was asked
	LabelLines   = "kiln.lines"  // how many lines make prints in a build from nothing: the total of the progress display
	LabelName    = "kiln.kernel"
	LabelVersion = "kiln.version"
	LabelArch    = "kiln.arch"
)

// Tag returns the name of the image of a kernel; folder is its NAME-VERSION-ARCH.
func Tag(folder string) string { return "kiln/kernel:" + folder }
