//go:build linux

package build

import (
	"context"
	"fmt"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/jobserver"
)

// jobs is how many commands make may run at once.
type jobs struct {
	n      int            // of a build that is alone
	shared jobserver.Fifo // "" for none
	warn   func(format string, args ...any)
	warned bool // that the number of shared jobs is unknown
}

func newJobs(job runner.Job, e *emitter) *jobs {
	return &jobs{n: max(1, job.Jobs), shared: jobserver.Fifo(job.Jobserver), warn: e.warn}
}

// flags returns the flags by which make limits its jobs.
func (j *jobs) flags() string {
	if j.shared == "" {
		return fmt.Sprintf("-j%d", j.n)
	}
	shared, err := j.shared.Jobs()
	if err != nil {
		if !j.warned {
			j.warn("the number of shared jobs is unknown: %v", err)
		}
		j.warned, shared = true, j.n
	}
	return j.shared.Flags(shared)
}

// tokenWait is how long a build waits for the jobs of others to end when it halves the number.
const tokenWait = time.Minute

// halve halves the number of jobs; it returns false where there is only one.
func (j *jobs) halve(ctx context.Context) (bool, error) {
	if j.shared != "" {
		halved, missing, err := j.shared.Shrink(ctx, tokenWait)
		if missing > 0 {
			j.warn("halved the shared jobs, of which %d are still running or lost after %s", missing, tokenWait)
		}
		return halved, fault.Wrap(fault.Environment, err)
	}
	if j.n == 1 {
		return false, nil
	}
	j.n /= 2
	return true, nil
}
