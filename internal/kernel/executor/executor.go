// Package executor runs plans in containers of an engine, driven from outside by exec:
// it starts a container with the plan's inputs, runs the steps, checks the configuration,
// repairs and reuses earlier output, diagnoses failures, and stores what comes out.
package executor

import (
	"context"
	"os"
	"path"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/fetch"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// Events is what a run reports while it works. A *report.Console implements it.
type Events interface {
	Logf(format string, args ...any)
	Progress(title string) *report.Progress
	RecordOutcome(item, step, outcome string)
	Annotate(report.Annotation)
	Fold(title, text string)
}

// Sources makes an output tree fit for another source.
type Sources interface {
	TouchChanged(ctx context.Context, other string, t source.Tree) (d fetch.Difference, known bool, err error)
}

// Executor runs plans in containers of one engine.
type Executor struct {
	Engine    *engine.Client
	Sources   Sources
	Results   *result.Store
	Limits    spec.Limits
	Dist      string // folder of this machine for logs and for the progress of builds
	Namespace string // of ccache's objects; a benchmark keeps its own
}

// Task is a plan to run, with what does not decide its result.
type Task struct {
	Plan plan.Plan
	Spec spec.Spec   // that the plan was made of: the options it asks for, its compiler
	Tree source.Tree // that the plan is built from
	Why  string      // it is built

	Jobs      int        // for make; 0 for as many as the engine's machine has room for
	Jobserver *Jobserver // shares jobs with other builds; nil for none
	NoCache   bool       // everything: no ccache, and no configuration that was cached

	// Scratch builds from nothing in an output tree that is removed afterwards. Nothing is
	// recorded in dist/, and the artefacts go to the folder Into, with vmlinux.
	Scratch bool
	Into    string

	Host    string            // the container's host name; "" for the engine's choice
	Files   map[string]string // texts by their paths in the container
	Prepare [][]string        // commands that run as root before anything else
}

// Jobs returns how many compilers may run at once on the engine's machine.
func (e *Executor) Jobs(ctx context.Context) (int, error) {
	info, err := e.Engine.Info(ctx)
	return e.Limits.JobsFor(info.CPUs, info.Memory), err
}

// Run carries out a task. The result becomes the kernel's image in the engine, or, of a
// scratch build, is copied to a folder. A step that fails is a *Failure. Seconds are those
// of all steps.
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

// runRecorded builds over the kernel's output tree, with a log and notes of its progress
// in dist/, and stores the result.
func (r *run) runRecorded(ctx context.Context) (err error) {
	log, err := os.CreateTemp("", "kiln-build-*.log")
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	defer os.Remove(log.Name())
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

// runScratch builds from nothing, and copies the artefacts and vmlinux out.
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
		r.events.Logf("kernel %s: no vmlinux to look into: %v", r.task.Plan.Folder(), err)
	}
	return r.ctr.Get(ctx, plan.ResultDir+"/.", r.task.Into)
}
