// Package executor runs plans in containers of an engine. It is thin: it starts a container with
// the program that carries out a plan (package runner), draws its events on the console, and
// takes the result.
//
//	Task -> container with the runner -> events, result folder -> result image
package executor

import (
	"context"
	"errors"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/gobuild"
	"github.com/romanatrashyonok/kiln/internal/kernel/fetch"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// Events receives what a run reports while it works. A *report.Console implements it.
type Events interface {
	Logf(format string, args ...any)
	Progress(title string) *report.Progress
	RecordOutcome(item, step, outcome string)
	Annotate(report.Annotation)
	Fold(title, text string)
}

// Sources prepares an output tree for a changed source.
type Sources interface {
	// TouchChanged makes the files of t that differ from the source volume other newer
	// than everything built from that volume, and returns how many they are. known is
	// false where the two cannot be compared.
	TouchChanged(ctx context.Context, other string, t source.Tree) (d fetch.Difference, known bool, err error)
}

// Executor runs plans in containers of one engine.
type Executor struct {
	Engine    *engine.Client
	Sources   Sources
	Results   *result.Store
	Compiler  gobuild.Compiler // compiles the runner
	Limits    spec.Limits
	Dist      string // local folder for logs
	Term      string // type of the terminal of Shell and Session.Interact: the variable TERM
	Namespace string // of ccache's objects; a benchmark uses its own
}

// Task is a plan to run, with the settings that do not affect its result.
type Task struct {
	Plan  plan.Plan
	Tree  source.Tree // the plan's source, fetched
	Image Image       // the plan's toolchain in the engine
	Why   string      // reason for the build, for the manifest
	Last  result.Last // the kernel's last result, or a zero one

	Suffix    string     // of the output's volume, for work beside a build
	Jobs      int        // for make; 0 for as many as the engine's machine has room for
	Jobserver *Jobserver // shares jobs with other builds; nil for none
	NoCache   bool       // compile everything: no ccache, no cached configuration

	// Apart builds a plan that is not one of Kiln's own making: its steps may do anything in the
	// container. What they leave is in no other build: no ccache, an output tree with a suffix
	// of its own, a result that is found by its plan alone.
	Apart bool
	// Scratch builds from scratch in an output tree that is removed afterwards. Nothing is
	// recorded in dist/; the artefacts and vmlinux are copied to the folder Into.
	Scratch bool
	Into    string

	Host    string            // the container's host name; "" for the engine's choice
	Files   map[string]string // texts by their paths in the container
	Prepare [][]string        // commands that run as root before anything else
}

// Image is a toolchain in an engine.
type Image struct {
	ID   string
	Base string // where its base came from: store, registry, bootstrap
}

// Jobs returns how many compilers may run at once on the engine's machine: the configured
// number, else as many as its processors and memory allow.
func (e *Executor) Jobs(ctx context.Context) (int, error) {
	info, err := e.Engine.Info(ctx)
	return e.Limits.JobsFor(info.CPUs, info.Memory), err
}

// Run carries out a task. It stores the result as the kernel's image in the engine, or,
// for a scratch build, copies it to the folder Into. The result's Seconds are the sum over
// all steps, also where Run fails. A failed step is a *Failure, with the exit code of its
// cause; options that are not as asked are an error of class fault.Usage.
func (e *Executor) Run(ctx context.Context, t Task, ev Events) (result.Result, error) {
	if t.Scratch {
		return e.runScratch(ctx, t, ev)
	}
	res := result.Of(t.Plan)
	res.Built, res.Why = true, t.Why
	seen, err := e.build(ctx, t, ev)
	res.Seconds = seen.seconds
	if err != nil || !seen.done.Found {
		return res, err
	}
	adopted, err := e.Results.Adopt(ctx, t.Plan, seen.done.Key, plan.ConfigRecord{Asked: seen.configuration.Asked, Kept: seen.configuration.Kept})
	if errors.Is(err, result.ErrNotBuilt) { // it is damaged: the store has removed it
		return e.Run(ctx, t, ev)
	}
	if err == nil {
		seen.logf("%s", adopted.Why)
	}
	return adopted, err
}

// build runs a task in its container and imports what it made, unless its result was found.
func (e *Executor) build(ctx context.Context, t Task, ev Events) (*watcher, error) {
	b, err := e.open(ctx, t, "", ev)
	if err != nil {
		return newWatcher(t, "", ev), err
	}
	defer b.ctr.Remove()
	if err := b.run(ctx); err != nil {
		if ctx.Err() == nil {
			err = b.keepLog(ctx, err)
		}
		return b.seen, err
	}
	if b.seen.done.Found {
		return b.seen, nil
	}
	key := b.seen.done.Key
	if t.Apart {
		key = ""
	}
	return b.seen, e.Results.Import(ctx, b.ctr, t.Plan, key, b.seen.done.Lines)
}

// runScratch builds from scratch and copies the artefacts and vmlinux out.
func (e *Executor) runScratch(ctx context.Context, t Task, ev Events) (result.Result, error) {
	res := result.Of(t.Plan)
	res.Built, res.Why = true, t.Why
	volumes := e.Engine.Volumes()
	if err := volumes.Remove(ctx, t.OutputVolume()); err != nil {
		return res, err
	}
	defer volumes.Remove(context.WithoutCancel(ctx), t.OutputVolume())
	b, err := e.open(ctx, t, "", ev)
	if err != nil {
		return res, err
	}
	defer b.ctr.Remove()
	err = b.run(ctx)
	res.Seconds = b.seen.seconds
	if err != nil {
		b.report(err)
		return res, err
	}
	return res, b.copyOut(ctx)
}
