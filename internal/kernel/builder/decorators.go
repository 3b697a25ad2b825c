package builder

import (
	"context"
	"errors"
	"sync"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/executor"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
)

// cached takes the result of a plan from a store, and keeps what it had to build there.
type cached struct {
	next  Executor
	store Store
}

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

// prepared completes a task that has to run: with the reason, and with the source.
type prepared struct {
	next      Executor
	builder   *Builder
	candidate candidate
}

func (p prepared) Run(ctx context.Context, t executor.Task, ev executor.Events) (result.Result, error) {
	t.Why = p.builder.reason(ctx, t.Plan)
	ev.Logf("kernel %s: building: %s", t.Plan.Folder(), t.Why)
	var err error
	if t.Tree, err = p.builder.fetch(ctx, p.candidate); err != nil {
		return result.Of(t.Plan), err
	}
	return p.next.Run(ctx, t, ev)
}

// exclusive lets one run at a time work on the output of a plan, among all that use the
// engine. One that had to wait first looks for the result that the other may have stored.
type exclusive struct {
	next    Executor
	store   Store
	acquire func(context.Context, plan.Plan) (release func(), waited bool, err error)
}

func (e exclusive) Run(ctx context.Context, t executor.Task, ev executor.Events) (result.Result, error) {
	release, waited, err := e.acquire(ctx, t.Plan)
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

// limited shares one budget of jobs among the plans that run at once. Its jobserver is
// started by the first that has something to do.
type limited struct {
	next   Executor
	engine *engine.Client
	jobs   func(context.Context) (int, error)

	mu     sync.Mutex
	server *executor.Jobserver
}

func (l *limited) Run(ctx context.Context, t executor.Task, ev executor.Events) (result.Result, error) {
	server, err := l.open(ctx, t.Plan.Toolchain.Image)
	if err == nil {
		err = server.Acquire(ctx) // waits until there is a job for one more build
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

// open returns the jobserver, in a container of an image.
func (l *limited) open(ctx context.Context, image string) (*executor.Jobserver, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.server != nil {
		return l.server, nil
	}
	jobs, err := l.jobs(ctx)
	if err != nil {
		return nil, err
	}
	l.server, err = executor.OpenJobserver(ctx, l.engine, image, jobs)
	return l.server, err
}

func (l *limited) close() {
	if l.server != nil {
		l.server.Close()
	}
}
