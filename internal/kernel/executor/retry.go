package executor

import (
	"context"
	"fmt"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// stepWithRetries runs a step. If the kernel of the engine's machine killed some of its
// processes for lack of memory, the step is retried with half as many jobs and continues
// where it stopped, until a single job fails. A build that shares its jobs is also retried
// after another build has halved them.
func (r *run) stepWithRetries(ctx context.Context, s plan.Step) error {
	for {
		flags := r.makeFlags()
		r.oomKillsBefore = r.oomKills(ctx)
		err := r.runStep(ctx, s)
		if err == nil || ctx.Err() != nil || r.oomKills(ctx) == r.oomKillsBefore {
			return err
		}
		halved, halveErr := r.halveJobs(ctx)
		if halveErr != nil {
			return halveErr
		}
		if !halved && r.makeFlags() == flags {
			return &fault.Error{Class: fault.Environment, Cause: fault.Resources, Err: fmt.Errorf("out of memory with a single job: %w", err), Fix: memoryFix}
		}
		if err := r.repairInterrupted(ctx); err != nil {
			return err
		}
		r.events.Logf("kernel %s: out of memory: the kernel killed a compiler; retrying with %s", r.task.Plan.Folder(), r.makeFlags())
	}
}

const memoryFix = "give the engine's machine more memory, or raise the build's: memory in the [build] table of kernels.toml"

// halveJobs halves the number of jobs; it returns false where there is only one.
func (r *run) halveJobs(ctx context.Context) (bool, error) {
	if r.task.Jobserver != nil {
		return r.task.Jobserver.shrink(ctx)
	}
	if r.jobs == 1 {
		return false, nil
	}
	r.jobs /= 2
	return true, nil
}

// makeFlags returns the flags that tell make how many jobs it may run.
func (r *run) makeFlags() string {
	if r.task.Jobserver != nil {
		return r.task.Jobserver.flags()
	}
	return fmt.Sprintf("-j%d", r.jobs)
}
