package kernel

import (
	"context"
	"errors"
	"sync"
)

// buildGroup is the builds that run at once and share a budget of jobs. The jobserver is
// started by the first that has something to do.
type buildGroup struct {
	mu     sync.Mutex
	server *jobserver
}

// BuildAll builds kernels side by side, within one budget of jobs, and hands on each
// result as it comes. A kernel that fails does not keep the others from being built;
// the errors come together, in the order of the kernels.
func (w *Builder) BuildAll(ctx context.Context, specs []Spec, each func(Result) error) error {
	together := *w
	if len(specs) > 1 {
		together.group = &buildGroup{}
		defer together.group.close()
	}
	faults := make([]error, len(specs))
	var running sync.WaitGroup
	var telling sync.Mutex
	for i, s := range specs {
		running.Go(func() {
			result, err := together.Build(ctx, s)
			if err == nil {
				telling.Lock()
				defer telling.Unlock()
				err = each(result)
			}
			faults[i] = err
		})
	}
	running.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return errors.Join(faults...)
}

// acquireSlot waits until there is a job for one build more, and gives the jobserver; a
// build that runs alone has none.
func (j *run) acquireSlot(ctx context.Context) error {
	c := j.builder.group
	if c == nil {
		return nil
	}
	server, err := c.open(ctx, j)
	if err != nil {
		return err
	}
	if err := server.take(ctx); err != nil {
		return err
	}
	j.server = server
	return nil
}

// releaseSlot gives that job to the others.
func (j *run) releaseSlot(ctx context.Context) {
	if j.server != nil && ctx.Err() == nil {
		j.server.give(ctx)
	}
}

func (c *buildGroup) open(ctx context.Context, j *run) (*jobserver, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server != nil {
		return c.server, nil
	}
	server, err := j.builder.openJobserver(ctx, j.candidate.plan.Toolchain.Image, j.jobs)
	c.server = server
	return server, err
}

func (c *buildGroup) close() {
	if c.server != nil {
		c.server.close()
	}
}
