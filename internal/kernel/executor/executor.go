// Package executor runs plans in containers of an engine. It drives each build from
// outside, by exec: it starts a container with the plan's inputs, runs the steps, checks
// the configuration, repairs and reuses earlier output, diagnoses failures, and stores
// the result.
//
//	Plan -> container -> steps -> artefacts and manifest -> result image
package executor

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/fetch"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/report"
	"github.com/romanatrashyonok/kiln/internal/scratch"
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
	Limits    spec.Limits
	Dist      string // local folder for logs and for checkpoints of builds
	Term      string // type of the terminal of Shell and Session.Interact: the variable TERM
	Namespace string // of ccache's objects; a benchmark uses its own
}

// Task is a plan to run, with the settings that do not affect its result.
type Task struct {
	Plan plan.Plan
	Spec spec.Spec   // the plan's origin: asked options, compiler
	Tree source.Tree // the plan's source, fetched
	Why  string      // reason for the build, for the manifest

	Jobs      int        // for make; 0 for as many as the engine's machine has room for
	Jobserver *Jobserver // shares jobs with other builds; nil for none
	NoCache   bool       // compile everything: no ccache, no cached configuration

	// Scratch builds from scratch in an output tree that is removed afterwards. Nothing is
	// recorded in dist/; the artefacts and vmlinux are copied to the folder Into.
	Scratch bool
	Into    string

	Host    string            // the container's host name; "" for the engine's choice
	Files   map[string]string // texts by their paths in the container
	Prepare [][]string        // commands that run as root before anything else
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
	res := result.Of(t.Plan)
	res.Built, res.Why = true, t.Why
	r, err := e.newRun(ctx, t, ev)
	if err != nil {
		return res, err
	}
	if t.Scratch {
		err = r.runScratch(ctx)
	} else {
		err = r.runRecorded(ctx)
	}
	for _, s := range r.done {
		res.Seconds += s.Seconds
	}
	return res, err
}

// runRecorded builds in the kernel's output tree, keeps a log and a checkpoint in dist/,
// and stores the result.
func (r *run) runRecorded(ctx context.Context) (err error) {
	dir, remove, err := scratch.Dir("build")
	if err != nil {
		return err
	}
	defer remove()
	log, err := os.Create(filepath.Join(dir, plan.LogFile))
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	defer log.Close()
	r.log, r.logPath = log, log.Name()
	defer func() {
		if err != nil && ctx.Err() == nil {
			r.reportFailure(err)
			err = r.keepLog(err)
		}
	}()
	r.started = time.Now()
	r.resume()
	if err := r.open(ctx); err != nil {
		return err
	}
	defer r.ctr.Remove()
	if err := r.finish(ctx, r.runSteps(ctx)); err != nil {
		return err
	}
	if err := r.storeResult(ctx); err != nil {
		return err
	}
	return r.removeCheckpoint()
}

// runScratch builds from scratch and copies the artefacts and vmlinux out.
func (r *run) runScratch(ctx context.Context) error {
	if err := os.MkdirAll(r.task.Into, 0o755); err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	volume := r.task.Plan.Output()
	if err := r.exec.Engine.Volumes().Remove(ctx, volume); err != nil {
		return err
	}
	defer r.exec.Engine.Volumes().Remove(context.WithoutCancel(ctx), volume)
	if err := r.open(ctx); err != nil {
		return err
	}
	defer r.ctr.Remove()
	if err := r.runSteps(ctx); err != nil {
		r.reportFailure(err)
		return err
	}
	if err := r.ctr.Get(ctx, path.Join(plan.OutputDir, "vmlinux"), r.task.Into); err != nil {
		r.events.Logf("kernel %s: no vmlinux to compare: %v", r.task.Plan.Folder(), err)
	}
	return r.ctr.Get(ctx, plan.ResultDir+"/.", r.task.Into)
}
