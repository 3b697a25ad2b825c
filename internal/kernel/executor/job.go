package executor

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner"
	"github.com/romanatrashyonok/kiln/internal/scratch"
)

// job returns the runner's job for a task, as JSON.
func (e *Executor) job(ctx context.Context, ctr *engine.Container, t Task, until string, ev Events) ([]byte, error) {
	j := runner.Job{
		Plan: t.Plan, Until: until, Why: t.Why, Jobs: t.Jobs, Namespace: e.Namespace, Scratch: t.Scratch,
		Lines: t.Last.Lines, Warnings: t.Last.Manifest.Warnings, SourceID: t.Tree.Volume, Signature: plan.Signature(t.Tree.Signature), Image: t.Image.ID, Base: t.Image.Base, Files: t.Files, Prepare: t.Prepare,
	}
	j.Plan.Source.Time = t.Tree.Time
	if !t.NoCache && !t.Apart {
		j.Cache = e.Limits.CCacheBytes()
	}
	if t.Jobserver != nil {
		j.Jobserver = t.Jobserver.fifo
	}
	var err error
	if j.Jobs == 0 {
		if j.Jobs, err = e.Jobs(ctx); err != nil {
			return nil, err
		}
	}
	if !t.Scratch && !t.Apart && until == "" {
		if j.Results, err = e.Results.Keys(ctx, t.Plan); err != nil {
			return nil, err
		}
	}
	if !t.Scratch {
		if j.Earlier, err = e.earlier(ctx, ctr, t, ev); err != nil {
			return nil, err
		}
	}
	return json.Marshal(j)
}

// earlier compares the task's source with those that the output tree may have objects from. A
// runner cannot: it has no volume but its own.
func (e *Executor) earlier(ctx context.Context, ctr *engine.Container, t Task, ev Events) (found runner.Earlier, err error) {
	state, err := readState(ctx, ctr, t.Plan.Dir(plan.OutputRole))
	if err != nil {
		return found, err
	}
	if state.RebuildReason(t.Plan) != "" {
		return found, nil // nothing of it is used
	}
	found.Known, found.CodeOnly = true, true
	for _, other := range state.Others(t.Tree.Volume) {
		d, known, err := e.Sources.TouchChanged(ctx, other, t.Tree)
		if err != nil {
			return runner.Earlier{}, err
		}
		if !known {
			return runner.Earlier{}, nil
		}
		found.Sources = append(found.Sources, other)
		found.Files += d.Files()
		found.CodeOnly = found.CodeOnly && d.CodeOnly()
	}
	return found, nil
}

// readState returns the state of the output tree in a container, a zero one where it has none.
func readState(ctx context.Context, ctr *engine.Container, output string) (runner.State, error) {
	dir, remove, err := scratch.Dir("state")
	if err != nil {
		return runner.State{}, err
	}
	defer remove()
	err = ctr.Get(ctx, output+"/"+runner.StateFile, dir)
	if errors.Is(err, engine.ErrNoFile) {
		return runner.State{}, nil
	}
	if err != nil {
		return runner.State{}, err
	}
	text, err := os.ReadFile(filepath.Join(dir, runner.StateFile))
	return runner.ReadState(text), err
}
