package kernel

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
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// links hashes files of the container as they are now. One that is not there is no link.
func (j *job) links(ctx context.Context, paths []string) (list []Link) {
	if len(paths) == 0 || j.vary != nil { // a second build is compared as a whole
		return nil
	}
	out, err := j.box.Output(ctx, engine.Command{Argv: append([]string{"sha256sum", "--"}, paths...)})
	var exit *engine.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil
	}
	for line := range strings.Lines(out) {
		if sum, path, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  "); ok {
			list = append(list, Link{Path: path, SHA256: sum})
		}
	}
	return list
}

// notesDir holds, in dist/, a manifest of each build that is under way.
const notesDir = "building"

func (j *job) notes() string {
	return filepath.Join(j.works.Dist, notesDir, j.ready.plan.Folder()+".json")
}

// note writes down what has been done so far, so that a run that is killed leaves a
// record, and the next one can tell what it need not do again.
func (j *job) note() error {
	if j.logPath == "" { // nothing of this is kept
		return nil
	}
	return report.Write(j.notes(), j.begun())
}

// begun is the manifest as far as it is known while the steps run.
func (j *job) begun() Manifest {
	p := j.ready.plan
	return Manifest{
		Schema: ManifestSchema, Name: p.Name, Version: p.Version, Arch: p.Arch, Plan: p.Hash(), Why: j.ready.why,
		Source: j.tree, Patches: append([]source.Patch{}, p.Patches...), Steps: j.done, Warnings: j.said(), Artefacts: []Artefact{}, Started: j.started.UTC(),
		Toolchain: ToolchainRecord{Image: p.Toolchain.Image, Base: p.Toolchain.From},
	}
}

// recall reads what a run of the same plan had done when it was broken off.
func (j *job) recall() {
	var m Manifest
	if report.Read(j.notes(), &m) != nil || m.Plan != j.ready.plan.Hash() {
		return
	}
	j.warnings = diagnose.Parse(m.Warnings) // what was compiled is not compiled again
	j.broken = slices.DeleteFunc(m.Steps, func(r StepRecord) bool { return r.Exit != 0 })
	if n := len(j.broken); n > 0 {
		j.works.Console.Say("kernel %s: an earlier run ended after its step %s; this one goes on", j.ready.plan.Folder(), j.broken[n-1].Name)
	}
}

// keepRecord takes over the record of a step that need not be run, from the run that
// was broken off.
func (j *job) keepRecord(s Step) {
	for _, r := range j.broken {
		if r.Name == s.Name {
			j.done = append(j.done, r)
			return
		}
	}
}

// forgetNotes removes the notes of a build that is whole.
func (j *job) forgetNotes() error {
	err := os.Remove(j.notes())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	os.Remove(filepath.Dir(j.notes())) // goes if it is empty
	return fault.Wrap(fault.Surroundings, err)
}
