package executor

import (
	"context"
	"slices"

	"github.com/romanatrashyonok/kiln/internal/kernel/diagnose"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// compareWarnings adds to an incremental build's warnings those about files that were not
// compiled this time, and logs how many there are and which are new since the last result.
func (r *run) compareWarnings(ctx context.Context) {
	var last plan.Manifest
	if r.exec.Results.Latest(ctx, r.task.Plan, plan.ManifestFile, &last) != nil {
		last.Warnings = nil
	}
	before := diagnose.Parse(last.Warnings)
	if r.incremental {
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
	r.events.Logf("kernel %s: %d warnings, %d new", r.task.Plan.Folder(), len(r.warnings), len(fresh))
	for n, f := range fresh {
		if n == warningsShown {
			r.events.Logf("  and %d more, in build.log", len(fresh)-n)
			break
		}
		r.events.Logf("  new: %s", f)
		r.annotate(f)
	}
}

// warningLines returns the warnings as the tools printed them, without duplicates.
func (r *run) warningLines() []string {
	list := []string{}
	for _, f := range r.warnings {
		if !slices.Contains(list, f.Raw) {
			list = append(list, f.Raw)
		}
	}
	return list
}

// warningsShown is how many new warnings are logged.
const warningsShown = 5

// annotate shows a finding at its line in GitHub Actions.
func (r *run) annotate(f diagnose.Finding) {
	r.events.Annotate(report.Annotation{Level: string(f.Severity), File: f.File, Line: f.Line, Column: f.Column, Title: r.task.Plan.Folder() + ": " + f.Tool, Text: f.Text})
}
