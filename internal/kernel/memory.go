package kernel

import (
	"context"
	"fmt"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
)

// stepWithMemory runs a step; if the kernel of the engine's machine ended some of its
// processes for want of memory, it is tried again with half as many jobs, which goes
// on where the first try stopped. That another build had the jobs halved meanwhile
// counts too.
func (j *run) stepWithMemory(ctx context.Context, s Step) error {
	for {
		flags := j.makeFlags()
		j.oomKillsBefore = j.oomKills(ctx)
		err := j.step(ctx, s)
		if err == nil || ctx.Err() != nil || j.oomKills(ctx) == j.oomKillsBefore {
			return err
		}
		fewer, shrinkErr := j.fewer(ctx)
		if shrinkErr != nil {
			return shrinkErr
		}
		if !fewer && j.makeFlags() == flags {
			return &fault.Error{Class: fault.Environment, Cause: fault.Resources, Err: fmt.Errorf("the memory ran out with one job at a time: %w", err), Fix: memoryFix}
		}
		if err := j.repairNow(ctx); err != nil {
			return err
		}
		j.builder.Console.Logf("kernel %s: the memory ran out, and the kernel ended a compiler; trying again with %s", j.candidate.plan.Folder(), j.makeFlags())
	}
}

const memoryFix = "add memory to the engine's machine, or raise memory in the [build] table of kernels.toml"

// fullBelow is how little room there is on a disk that is full, in bytes: less than what
// a failed step may have removed again.
const fullBelow = 256 << 10

// full tells whether the disk of the output is full.
func (j *run) full(ctx context.Context) bool {
	out, err := j.ctr.Output(ctx, engine.Command{Argv: []string{"stat", "--file-system", "--format=%a %S", outputDir}})
	var blocks, size int64
	if n, _ := fmt.Sscan(out, &blocks, &size); err != nil || n != 2 {
		return false
	}
	return blocks*size < fullBelow
}

// fewer halves the number of jobs; false where there is only one.
func (j *run) fewer(ctx context.Context) (bool, error) {
	if j.server != nil {
		return j.server.shrink(ctx)
	}
	if j.jobs == 1 {
		return false, nil
	}
	j.jobs /= 2
	return true, nil
}

// makeFlags is what tells make how many jobs there are.
func (j *run) makeFlags() string {
	if j.server != nil {
		return j.server.flags()
	}
	return fmt.Sprintf("-j%d", j.jobs)
}
