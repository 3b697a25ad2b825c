//go:build linux

package build

import (
	"context"
	"fmt"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/jobserver"
)

// jobs is how many commands make may run at once.
type jobs struct {
	n      int            // of a build that is alone
	shared jobserver.Fifo // "" for none
}

func newJobs(job runner.Job) *jobs {
	return &jobs{n: max(1, job.Jobs), shared: jobserver.Fifo(job.Jobserver)}
}

// flags returns the flags that tell make how many jobs it may run.
func (j *jobs) flags() (string, error) {
	if j.shared != "" {
		flags, err := j.shared.Flags()
		return flags, fault.Wrap(fault.Environment, err)
	}
	return fmt.Sprintf("-j%d", j.n), nil
}

// halve halves the number of jobs; it returns false where there is only one.
func (j *jobs) halve(ctx context.Context) (bool, error) {
	if j.shared != "" {
		halved, err := j.shared.Shrink(ctx)
		return halved, fault.Wrap(fault.Environment, err)
	}
	if j.n == 1 {
		return false, nil
	}
	j.n /= 2
	return true, nil
}
