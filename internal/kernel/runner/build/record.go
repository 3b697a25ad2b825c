//go:build linux

package build

import (
	"slices"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/kernel/diagnose"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// record is what the steps have done so far.
type record struct {
	started  time.Time
	done     []plan.StepRecord // steps that have ended
	earlier  []plan.StepRecord // of an earlier run of the same plan
	made     []string          // files that make reported as made
	compiled int64             // how many of them in the phase that compiles the kernel
	warnings []diagnose.Finding
}

// resume takes over what an earlier run of the same plan has done, and returns the last step of
// it, or "". That run was interrupted, or its result did not reach the engine.
func (r *record) resume(m plan.Manifest, hash string) string {
	if m.Plan != hash {
		return ""
	}
	r.warnings = diagnose.Parse(m.Warnings) // what it compiled is not compiled a second time
	r.earlier = slices.DeleteFunc(m.Steps, func(s plan.StepRecord) bool { return s.Exit != 0 })
	if len(r.earlier) == 0 {
		return ""
	}
	return r.earlier[len(r.earlier)-1].Name
}

// reuse takes the record of a step that need not run from the earlier run.
func (r *record) reuse(s plan.Step) {
	for _, earlier := range r.earlier {
		if earlier.Name == s.Name {
			r.done = append(r.done, earlier)
			return
		}
	}
}

// add adds what a step made and warned of.
func (r *record) add(phase plan.Phase, out *output) {
	r.made = append(r.made, out.made...)
	if phase == plan.Compile {
		r.compiled += int64(len(out.made))
	}
	r.warnings = append(r.warnings, out.found.Warnings()...)
}

// warningLines returns the warnings as the tools printed them, without duplicates.
func (r *record) warningLines() []string {
	list := []string{}
	for _, f := range r.warnings {
		if !slices.Contains(list, f.Raw) {
			list = append(list, f.Raw)
		}
	}
	return list
}

// manifest returns what is known of the manifest while the steps run.
func (r *record) manifest(s *session) plan.Manifest {
	p := s.Plan
	return plan.Manifest{
		Schema: plan.ManifestSchema, Name: p.Name, Version: p.Version, Arch: p.Arch, Plan: p.Hash(), Why: s.Why,
		Source: plan.SourceRecord{Source: p.Source, Signature: s.Signature}, Patches: append([]plan.Patch{}, p.Patches...), Files: p.Files,
		Toolchain: plan.ToolchainRecord{Image: s.Image, Base: s.Base},
		Steps:     r.done, Warnings: r.warningLines(), Artefacts: []plan.Artefact{}, Started: r.started.UTC(),
	}
}

// joinSources returns sources as runner.State has them.
func joinSources(list []string) string { return strings.Join(list, " ") }
