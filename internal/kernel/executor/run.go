package executor

import (
	"context"
	"io"
	"slices"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/diagnose"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// run is a task in progress, in its container.
type run struct {
	exec   *Executor
	task   Task
	events Events
	ctr    *engine.Container

	log      io.Writer
	logPath  string // the log's file; "" where nothing is recorded
	started  time.Time
	jobs     int    // for make
	compiler string // sha256 of the compiler's programs

	done    []plan.StepRecord // steps that have ended
	earlier []plan.StepRecord // of an interrupted run of the same plan

	verdicts []kconfig.Verdict // on the asked options
	missing  []kconfig.FileRef // files that options name and that are not there
	release  string            // of the kernel, by its configuration

	configWarnings []string          // about the configuration
	final          map[string]string // the final configuration
	finalSum       string            // its sha256
	configured     bool              // the output tree already has the final configuration

	made     []string // files that make reported as made
	compiled int64    // how many of them in the compile step
	warnings []diagnose.Finding

	incremental    bool     // the build reuses the last output
	priorSources   []string // sources of earlier builds that objects may be from, until this build ends
	interrupted    bool     // a step was killed: the output may have partial files
	oomKillsBefore int      // processes killed for lack of memory before the current step
	ended          bool     // all steps have ended, none of them killed
}

// newRun returns a run of a task that has not started, whose log is discarded. It has as
// many jobs as the task asks for, else as the engine's machine has room for.
func (e *Executor) newRun(ctx context.Context, t Task, ev Events) (*run, error) {
	jobs, err := e.Jobs(ctx)
	if err != nil {
		return nil, err
	}
	if t.Jobs > 0 {
		jobs = t.Jobs
	}
	return &run{exec: e, task: t, events: ev, log: io.Discard, jobs: jobs}, nil
}

// runSteps runs the plan's steps in order.
func (r *run) runSteps(ctx context.Context) error {
	if r.configured {
		r.events.Logf("kernel %s: reusing the configuration", r.task.Plan.Folder())
	}
	for n, s := range r.task.Plan.Steps {
		if !r.needs(n, s) {
			r.reuseRecord(s)
		} else if err := r.stepWithRetries(ctx, s); err != nil {
			return err
		}
		if s.Checks {
			if err := r.checkConfig(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// needs reports whether the nth step has to run. A step with a condition runs only if its
// option is set; the steps of the configuration do not run if the output tree already has
// their result.
func (r *run) needs(n int, s plan.Step) bool {
	if r.configured && n <= r.task.Plan.ChecksAt() {
		return s.Root
	}
	return s.When == "" || r.final[s.When] == "y"
}

// env returns the plan's environment with the source's time, and with what does not affect
// the result: the number of jobs and ccache's settings.
func (r *run) env() []string {
	return slices.Concat(r.task.Plan.Env, r.ccacheEnv(), plan.TimeEnv(r.task.Tree.Time), []string{"MAKEFLAGS=" + r.makeFlags()})
}
