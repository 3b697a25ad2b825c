package builder

import (
	"context"
	"errors"
	"sync"

	"github.com/romanatrashyonok/kiln/internal/kernel/executor"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
)

// cached takes the result of a plan from a store, or has it built and stores it.
type cached struct {
	next  Executor
	store Store
}

// Run returns the stored result, or runs the task and stores its result.
func (c cached) Run(ctx context.Context, t executor.Task, ev executor.Events) (result.Result, error) {
	r, err := c.store.Get(ctx, t.Plan)
	if err == nil {
		ev.Logf("kernel %s: %s", t.Plan.Folder(), r.Why)
		return r, nil
	}
	if !errors.Is(err, result.ErrNotBuilt) {
		return r, err
	}
	if r, err = c.next.Run(ctx, t, ev); err != nil || !r.Built {
		return r, err
	}
	return r, c.store.Put(ctx, t.Plan)
}

// prepared adds to a task that has to run the reason and the fetched source.
type prepared struct {
	next      Executor
	builder   *Builder
	candidate candidate
}

// Run completes the task and runs it.
func (p prepared) Run(ctx context.Context, t executor.Task, ev executor.Events) (result.Result, error) {
	t.Last, t.Why = p.builder.last(ctx, t.Plan)
	ev.Logf("kernel %s: building: %s", t.Plan.Folder(), t.Why)
	var err error
	if t.Tree, err = p.builder.fetch(ctx, p.candidate); err != nil {
		return result.Of(t.Plan), err
	}
	return p.next.Run(ctx, t, ev)
}

// exclusive lets one run at a time use the output volume of a plan, among all runs on the
// engine. A run that had to wait first looks for the result that the other has stored.
type exclusive struct {
	next    Executor
	store   Store
	acquire func(context.Context, executor.Task) (release func(), waited bool, err error)
}

// Run runs the task while it holds the plan's output volume.
func (e exclusive) Run(ctx context.Context, t executor.Task, ev executor.Events) (result.Result, error) {
	release, waited, err := e.acquire(ctx, t)
	if err != nil {
		return result.Of(t.Plan), err
	}
	defer release()
	if waited {
		if r, err := e.store.Get(ctx, t.Plan); !errors.Is(err, result.ErrNotBuilt) {
			return r, err
		}
	}
	return e.next.Run(ctx, t, ev)
}

// limited shares one budget of jobs among the plans that run at once. The first plan that
// has to run starts its jobserver.
type limited struct {
	next  Executor
	local *executor.Executor

	mu     sync.Mutex
	server *executor.Jobserver
}

// Run runs the task with the shared jobserver once a job is free.
func (l *limited) Run(ctx context.Context, t executor.Task, ev executor.Events) (result.Result, error) {
	server, err := l.open(ctx, t.Image.ID)
	if err == nil {
		err = server.Acquire(ctx) // waits until a job is free for one more build
	}
	if err != nil {
		return result.Of(t.Plan), err
	}
	defer func() {
		if ctx.Err() == nil {
			server.Release(ctx)
		}
	}()
	t.Jobserver = server
	return l.next.Run(ctx, t, ev)
}

// open returns the jobserver, which the first call starts in a container of image.
func (l *limited) open(ctx context.Context, image string) (*executor.Jobserver, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.server != nil {
		return l.server, nil
	}
	jobs, err := l.local.Jobs(ctx)
	if err != nil {
		return nil, err
	}
	l.server, err = l.local.OpenJobserver(ctx, image, jobs)
	return l.server, err
}

// close stops the jobserver, if it was started.
func (l *limited) close() {
	if l.server != nil {
		l.server.Close()
	}
}
