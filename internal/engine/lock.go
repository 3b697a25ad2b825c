package engine

import (
	"context"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
)

// lockRetry is how long a run waits before it asks for a lock again.
const lockRetry = time.Second

// Acquire gives this run something of the engine's alone, until unlock: among all runs that
// use the engine, on whichever machine. The lock is a container of any image that is
// never started: an engine has one of a name, and Sweep removes it where its run has
// ended without a word. Who has to wait is told once by which container.
func (e *Client) Acquire(ctx context.Context, image, what string, waits func(lock string)) (unlock func(), err error) {
	name := "kiln-lock-" + what
	for told := false; ; told = true {
		// Making it is not broken off: the engine would make it all the same.
		made, err := e.api.ContainerCreate(context.WithoutCancel(ctx), &container.Config{Image: image, Labels: e.owner.labels("lock", nil)}, nil, nil, nil, name)
		if err == nil {
			lock := &Container{engine: e, ID: made.ID}
			return func() { lock.Remove() }, nil
		}
		if !cerrdefs.IsConflict(err) {
			return nil, failed("create lock "+name, err)
		}
		if !told {
			waits(name)
		}
		if _, err := e.Sweep(ctx); err != nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lockRetry):
		}
	}
}
