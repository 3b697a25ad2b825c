package engine

import (
	"context"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
)

// acquireInterval is the time between two tries to acquire a mutex.
const acquireInterval = time.Second

// Acquire takes a named, engine-wide mutex, shared by all runs that use the engine from any
// machine, and returns its release function. The mutex is a container of any image that is
// never started: its name is unique in the engine, and Sweep removes it after its run died.
// If Acquire has to wait, it calls waiting once with the container's name.
func (e *Client) Acquire(ctx context.Context, image, name string, waiting func(holder string)) (release func(), err error) {
	name = "kiln-lock-" + name
	for waited := false; ; waited = true {
		// Not cancelled half-way: the engine would create the container nevertheless.
		created, err := e.api.ContainerCreate(context.WithoutCancel(ctx), &container.Config{Image: image, Labels: e.labels("lock", nil)}, nil, nil, nil, name)
		if err == nil {
			holder := &Container{engine: e, ID: created.ID}
			return func() { holder.Remove() }, nil
		}
		if !cerrdefs.IsConflict(err) {
			return nil, failed("acquire the mutex "+name, err)
		}
		if !waited {
			waiting(name)
		}
		if _, err := e.Sweep(ctx); err != nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(acquireInterval):
		}
	}
}
