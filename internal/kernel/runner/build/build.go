//go:build linux

// Package build carries out a plan in the folders that it names: it makes the configuration and
// checks it, compiles, repairs and reuses earlier output, diagnoses failures, and leaves the
// artefacts with their manifest in the result folder. It runs inside a build's container, as the
// program cmd/runner, and in tests over temporary folders.
//
// build.go has the course of a run, folders.go and reuse.go its beginning, steps.go and retry.go its
// middle, seal.go and manifest.go its end.
package build

import (
	"context"
	"io"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/cgroup"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/configcheck"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/confined"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/process"
)

// Builder carries out jobs.
type Builder struct {
	Events io.Writer    // receives a line of JSON for each
	Group  cgroup.Group // counts processes that were killed for lack of memory
}

// Run carries out a job. The last event is a Done or a Failure, with the class of the error.
func (b Builder) Run(ctx context.Context, job runner.Job) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	e := newEmitter(b.Events, end)
	done, err := b.run(ctx, job, e)
	if ctx.Err() != nil {
		process.KillLeft() // what does not end, ends with the container
		err = context.Cause(ctx)
	}
	if err != nil {
		failure := failureOf(err)
		e.emit(runner.Event{Failure: &failure})
		return err
	}
	return e.emit(runner.Event{Done: &done})
}

func (b Builder) run(ctx context.Context, job runner.Job, e *emitter) (done runner.Done, err error) {
	s, remove, err := newSession(job, e)
	if err != nil {
		return done, err
	}
	defer remove()
	r := &run{steps: &steps{
		session: s, emitter: e, record: &record{started: time.Now()},
		group: b.Group, keeps: recorded(job),
	}}
	if err := r.prepare(ctx); err != nil {
		return done, err
	}
	if r.keeps {
		log, err := confined.Create(r.dir(plan.ResultRole), plan.LogFile)
		if err != nil {
			return done, fault.Wrap(fault.Environment, err)
		}
		defer log.Close()
		r.log = log
	}
	return r.build(ctx)
}

// recorded reports whether a run leaves a log, a manifest and, while it runs, a checkpoint.
func recorded(job runner.Job) bool { return job.Until == "" && !job.Scratch }

// run is a job in progress.
type run struct {
	*steps
	reusable reusable
	config   configcheck.Result // zero until the configuration is made
}

// build carries out the job.
func (r *run) build(ctx context.Context) (runner.Done, error) {
	if err := r.open(); err != nil {
		return runner.Done{}, err
	}
	found := false
	var err error
	switch r.Until {
	case runner.Opened:
		return runner.Done{Lines: r.Lines, Env: r.besideEnv()}, nil
	case runner.Configured:
		err = r.finish(ctx, r.makeConfig(ctx), false)
	default:
		found, err = r.runSteps(ctx)
		err = r.finish(ctx, err, !found)
	}
	if err == nil && r.Until == "" && !found {
		err = r.publish(ctx)
	}
	if err == nil && found {
		err = r.checkpoint(time.Now())
	}
	return runner.Done{Lines: r.compileLines(), Key: r.key(), Found: found, Env: r.besideEnv()}, err
}

// open prepares the output tree, and takes over what an earlier run of the plan has recorded there.
func (r *run) open() (err error) {
	if r.Scratch {
		return nil
	}
	if r.reusable, err = (reuse{r.session, r.emitter}).open(); err != nil {
		return err
	}
	if r.keeps {
		m := r.tree().Checkpoint()
		if last := r.resume(m, r.Plan.Hash()); last != "" && m.Finished.IsZero() {
			r.note("resuming an interrupted build after step %s", last)
		}
	}
	return r.setState(r.state(r.reusable.final, r.reusable.sources...))
}

// runSteps runs the plan's steps in order. It reports whether it stopped after the configuration,
// because the result was found by that.
func (r *run) runSteps(ctx context.Context) (found bool, err error) {
	if r.reusable.final != "" {
		r.note("reusing the configuration")
	}
	last := len(r.Plan.Configuring()) - 1
	if last < 0 {
		return false, errNoConfiguration(r.Plan.Folder())
	}
	for n, s := range r.Plan.Steps {
		if !r.needs(s) {
			r.reuse(s)
		} else if err := r.withRetries(ctx, s); err != nil {
			return false, err
		}
		if n != last {
			continue
		}
		if err := r.checkConfig(ctx); err != nil || r.found() {
			return err == nil, err
		}
	}
	return false, nil
}

// needs reports whether a step has to run. A step with a condition runs only if its
// option is set; the steps of the configuration do not run if the output tree already has
// their result.
func (r *run) needs(s plan.Step) bool {
	if s.Phase == plan.Configure && r.reusable.final != "" {
		return false
	}
	return s.When == "" || r.values[s.When] == "y"
}
