//go:build linux

package build

import (
	"context"
	"fmt"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// withRetries runs a step. If the machine's kernel killed some of its processes for lack of memory,
// the step is retried with half as many jobs and continues where it stopped, until a single job fails.
// A build that shares its jobs is also retried after a different build has halved them.
func (r *steps) withRetries(ctx context.Context, s plan.Step) error {
	for {
		flags := r.jobs.flags()
		r.oomKillsBefore = r.group.OOMKills()
		err := r.run(ctx, s)
		if err == nil || ctx.Err() != nil || r.group.OOMKills() == r.oomKillsBefore {
			return err
		}
		halved, halveErr := r.jobs.halve(ctx)
		if halveErr != nil {
			return halveErr
		}
		now := r.jobs.flags()
		if !halved && now == flags {
			return &fault.Error{Class: fault.Environment, Cause: fault.Resources, Err: fmt.Errorf("out of memory with a single job: %w", err), Fix: memoryFix}
		}
		if err := r.repairInterrupted(); err != nil {
			return err
		}
		r.note("out of memory: the kernel killed a compiler; retrying with %s", now)
	}
}

const memoryFix = "give the engine's machine more memory, or raise the build's: memory in the [build] table of kernels.toml"
