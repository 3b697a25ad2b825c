package executor

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/diagnose"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// checkpointDir is the folder in dist/ with a partial manifest of each build in progress.
const checkpointDir = "building"

func (r *run) checkpointFile() string {
	return filepath.Join(r.exec.Dist, checkpointDir, r.task.Plan.Folder()+".json")
}

// writeCheckpoint writes the partial manifest: the record that a killed run leaves, from
// which the next one knows what it can skip.
func (r *run) writeCheckpoint() error {
	if r.logPath == "" { // nothing is recorded
		return nil
	}
	return report.Write(r.checkpointFile(), r.partialManifest())
}

// partialManifest returns what is known of the manifest while the steps run.
func (r *run) partialManifest() plan.Manifest {
	p := r.task.Plan
	return plan.Manifest{
		Schema: plan.ManifestSchema, Name: p.Name, Version: p.Version, Arch: p.Arch, Plan: p.Hash(), Why: r.task.Why,
		Source: r.task.Tree, Patches: append([]source.Patch{}, p.Patches...), Files: p.Files, Steps: r.done, Warnings: r.warningLines(), Artefacts: []plan.Artefact{}, Started: r.started.UTC(),
		Toolchain: plan.ToolchainRecord{Image: p.Toolchain.Image, Base: p.Toolchain.From},
	}
}

// resume reads what an interrupted run of the same plan has done.
func (r *run) resume() {
	var m plan.Manifest
	if report.Read(r.checkpointFile(), &m) != nil || m.Plan != r.task.Plan.Hash() {
		return
	}
	r.warnings = diagnose.Parse(m.Warnings) // what it compiled is not compiled a second time
	r.earlier = slices.DeleteFunc(m.Steps, func(s plan.StepRecord) bool { return s.Exit != 0 })
	if n := len(r.earlier); n > 0 {
		r.events.Logf("kernel %s: resuming an interrupted build after step %s", r.task.Plan.Folder(), r.earlier[n-1].Name)
	}
}

// reuseRecord takes the record of a step that need not run from the interrupted run.
func (r *run) reuseRecord(s plan.Step) {
	for _, earlier := range r.earlier {
		if earlier.Name == s.Name {
			r.done = append(r.done, earlier)
			return
		}
	}
}

// removeCheckpoint removes the partial manifest of a build that is complete.
func (r *run) removeCheckpoint() error {
	err := os.Remove(r.checkpointFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	os.Remove(filepath.Dir(r.checkpointFile())) // fails unless it is empty
	return fault.Wrap(fault.Environment, err)
}
