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

// materials hashes files of the container as they are now. One that is not there is no link.
func (j *run) materials(ctx context.Context, paths []string) (list []plan.Material) {
	if len(paths) == 0 || j.task.Scratch { // a scratch build is compared as a whole
		return nil
	}
	out, err := j.ctr.Output(ctx, engine.Command{Argv: append([]string{"sha256sum", "--"}, paths...)})
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

// progressDir holds, in dist/, a manifest of each build that is under way.
const progressDir = "building"

func (j *run) progressFile() string {
	return filepath.Join(j.exec.Dist, progressDir, j.task.Plan.Folder()+".json")
}

// writeProgress writes down what has been done so far, so that a run that is killed leaves a
// record, and the next one can tell what it need not do again.
func (j *run) writeProgress() error {
	if j.logPath == "" { // nothing of this is kept
		return nil
	}
	return report.Write(j.progressFile(), j.partialManifest())
}

// partialManifest is the manifest as far as it is known while the steps run.
func (j *run) partialManifest() plan.Manifest {
	p := j.task.Plan
	return plan.Manifest{
		Schema: plan.ManifestSchema, Name: p.Name, Version: p.Version, Arch: p.Arch, Plan: p.Hash(), Why: j.task.Why,
		Source: j.task.Tree, Patches: append([]source.Patch{}, p.Patches...), Steps: j.done, Warnings: j.warningLines(), Artefacts: []plan.Artefact{}, Started: j.started.UTC(),
		Toolchain: plan.ToolchainRecord{Image: p.Toolchain.Image, Base: p.Toolchain.From},
	}
}

// resume reads what a run of the same plan had done when it was broken off.
func (j *run) resume() {
	var m plan.Manifest
	if report.Read(j.progressFile(), &m) != nil || m.Plan != j.task.Plan.Hash() {
		return
	}
	j.warnings = diagnose.Parse(m.Warnings) // what was compiled is not compiled again
	j.earlier = slices.DeleteFunc(m.Steps, func(r plan.StepRecord) bool { return r.Exit != 0 })
	if n := len(j.earlier); n > 0 {
		j.events.Logf("kernel %s: an earlier run ended after its step %s; this one goes on", j.task.Plan.Folder(), j.earlier[n-1].Name)
	}
}

// reuseRecord takes over the record of a step that need not be run, from the run that
// was broken off.
func (j *run) reuseRecord(s plan.Step) {
	for _, r := range j.earlier {
		if r.Name == s.Name {
			j.done = append(j.done, r)
			return
		}
	}
}

// removeProgress removes the notes of a build that is whole.
func (j *run) removeProgress() error {
	err := os.Remove(j.progressFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	os.Remove(filepath.Dir(j.progressFile())) // goes if it is empty
	return fault.Wrap(fault.Environment, err)
}
