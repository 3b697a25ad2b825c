package executor

import (
	"context"
	"fmt"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// stepWithRetries runs a step; if the kernel of the engine's machine ended some of its
// processes for want of memory, it is tried again with half as many jobs, which goes
// on where the first try stopped. That another build had the jobs halved meanwhile
// counts too.
func (r *run) stepWithRetries(ctx context.Context, s plan.Step) error {
	for {
		flags := r.makeFlags()
		r.oomKillsBefore = r.oomKills(ctx)
		err := r.runStep(ctx, s)
		if err == nil || ctx.Err() != nil || r.oomKills(ctx) == r.oomKillsBefore {
			return err
		}
		fewer, shrinkErr := r.halveJobs(ctx)
		if shrinkErr != nil {
			return shrinkErr
		}
		if !fewer && r.makeFlags() == flags {
			return &fault.Error{Class: fault.Environment, Cause: fault.Resources, Err: fmt.Errorf("the memory ran out with one job at a time: %w", err), Hint: memoryHint}
		}
		if err := r.repairInterrupted(ctx); err != nil {
			return err
		}
		r.events.Logf("kernel %s: the memory ran out, and the kernel ended a compiler; trying again with %s", r.task.Plan.Folder(), r.makeFlags())
	}
}

const memoryHint = "give the engine's machine more memory, or the build: memory in the [build] table of kernels.toml"

// diskFullBelow is how little room there is on a disk that is full, in bytes: less than what
// a failed step may have removed again.
const diskFullBelow = 256 << 10

// diskFull tells whether the disk of the output is full.
func (r *run) diskFull(ctx context.Context) bool {
	out, err := r.ctr.Output(ctx, engine.Command{Argv: []string{"stat", "--file-system", "--format=%a %S", plan.OutputDir}})
	var blocks, size int64
	if n, _ := fmt.Sscan(out, &blocks, &size); err != nil || n != 2 {
		return false
	}
	return blocks*size < diskFullBelow
}

// halveJobs halves the number of jobs; false where there is only one.
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

// makeFlags is what tells make how many jobs there are.
func (r *run) makeFlags() string {
	if r.task.Jobserver != nil {
		return r.task.Jobserver.flags()
	}
	return fmt.Sprintf("-r%d", r.jobs)
}
