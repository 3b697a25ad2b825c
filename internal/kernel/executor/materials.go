package executor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/diagnose"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// hashMaterials hashes files of the container as they are now. One that is not there is no link.
func (r *run) hashMaterials(ctx context.Context, paths []string) (list []plan.Material) {
	if len(paths) == 0 || r.task.Scratch { // a scratch build is compared as a whole
		return nil
	}
	out, err := r.ctr.Output(ctx, engine.Command{Argv: append([]string{"sha256sum", "--"}, paths...)})
	var exit *engine.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil
	}
	for line := range strings.Lines(out) {
		if sum, path, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  "); ok {
			list = append(list, plan.Material{Path: path, SHA256: sum})
		}
	}
	return list
}

// checkpointDir holds, in dist/, a manifest of each build that is under way.
const checkpointDir = "building"

func (r *run) checkpointFile() string {
	return filepath.Join(r.exec.Dist, checkpointDir, r.task.Plan.Folder()+".json")
}

// writeCheckpoint writes down what has been done so far, so that a run that is killed leaves a
// record, and the next one can tell what it need not do again.
func (r *run) writeCheckpoint() error {
	if r.logPath == "" { // nothing of this is kept
		return nil
	}
	return report.Write(r.checkpointFile(), r.partialManifest())
}

// partialManifest is the manifest as far as it is known while the steps run.
func (r *run) partialManifest() plan.Manifest {
	p := r.task.Plan
	return plan.Manifest{
		Schema: plan.ManifestSchema, Name: p.Name, Version: p.Version, Arch: p.Arch, Plan: p.Hash(), Why: r.task.Why,
		Source: r.task.Tree, Patches: append([]source.Patch{}, p.Patches...), Steps: r.done, Warnings: r.warningLines(), Artefacts: []plan.Artefact{}, Started: r.started.UTC(),
		Toolchain: plan.ToolchainRecord{Image: p.Toolchain.Image, Base: p.Toolchain.From},
	}
}

// resume reads what a run of the same plan had done when it was broken off.
func (r *run) resume() {
	var m plan.Manifest
	if report.Read(r.checkpointFile(), &m) != nil || m.Plan != r.task.Plan.Hash() {
		return
	}
	r.warnings = diagnose.Parse(m.Warnings) // what was compiled is not compiled again
	r.earlier = slices.DeleteFunc(m.Steps, func(s plan.StepRecord) bool { return s.Exit != 0 })
	if n := len(r.earlier); n > 0 {
		r.events.Logf("kernel %s: an earlier run ended after its step %s; this one goes on", r.task.Plan.Folder(), r.earlier[n-1].Name)
	}
}

// reuseRecord takes over the record of a step that need not be run, from the run that
// was broken off.
func (r *run) reuseRecord(s plan.Step) {
	for _, earlier := range r.earlier {
		if earlier.Name == s.Name {
			r.done = append(r.done, earlier)
			return
		}
	}
}

// removeCheckpoint removes the notes of a build that is whole.
func (r *run) removeCheckpoint() error {
	err := os.Remove(r.checkpointFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	os.Remove(filepath.Dir(r.checkpointFile())) // goes if it is empty
	return fault.Wrap(fault.Environment, err)
}
