//go:build linux

package build

import (
	"github.com/romanatrashyonok/kiln/internal/kernel/diagnose"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner"
)

// warningsShown is how many new warnings are reported.
const warningsShown = 5

// compareWarnings adds to an incremental build's warnings those about files that were not
// compiled this time, and reports how many there are and which are new since the last result.
func (r *run) compareWarnings() {
	before := diagnose.Parse(r.Warnings)
	if r.reusable.incremental {
		made := map[string]bool{}
		for _, object := range r.made {
			made[object] = true
		}
		r.warnings = diagnose.Carry(r.warnings, before, func(object string) bool { return made[object] })
	}
	if len(r.warnings) == 0 {
		return
	}
	fresh := diagnose.Added(r.warnings, before)
	r.note("%d warnings, %d new", len(r.warnings), len(fresh))
	for n, f := range fresh {
		if n == warningsShown {
			r.note("  and %d more, in build.log", len(fresh)-n)
			break
		}
		r.emit(runner.Event{Finding: &f})
	}
}
