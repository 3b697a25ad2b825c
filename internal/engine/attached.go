package engine

import (
	"context"
	"errors"
	"io"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"
)

// Running is the first process of a container that was created with Spec.Attached.
type Running struct {
	container *Container
	close     func() error
	ended     chan error
}

// Start starts a container that was created with Spec.Attached and copies what its first process
// prints to stdout and stderr. When ctx ends, the container is removed.
func (c *Container) Start(ctx context.Context, stdout, stderr io.Writer) (*Running, error) {
	api := c.engine.api
	stream, err := api.ContainerAttach(ctx, c.ID, container.AttachOptions{Stream: true, Stdin: true, Stdout: true, Stderr: true})
	if err != nil {
		return nil, failed("attach to the container", err)
	}
	if err := api.ContainerStart(ctx, c.ID, container.StartOptions{}); err != nil {
		stream.Close()
		return nil, failed("start the container", err)
	}
	r := &Running{container: c, close: stream.CloseWrite, ended: make(chan error, 1)}
	removed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(removed)
		c.Remove()
		stream.Close()
	})
	go func() {
		_, err := stdcopy.StdCopy(stdout, stderr, stream.Reader)
		if !stop() {
			<-removed
			err = ctx.Err()
		}
		stream.Close()
		r.ended <- err
	}()
	return r, nil
}

// Close ends the standard input of the process.
func (r *Running) Close() error { return r.close() }

// Wait waits until the process has ended and everything that it printed is copied. An exit code
// other than 0 is an *ExitError.
func (r *Running) Wait(ctx context.Context) error {
	if err := <-r.ended; err != nil {
		return failed("read the output of the container", err)
	}
	done, failures := r.container.engine.api.ContainerWait(ctx, r.container.ID, container.WaitConditionNotRunning)
	select {
	case err := <-failures:
		return failed("wait for the container", err)
	case end := <-done:
		if end.Error != nil {
			return failed("wait for the container", errors.New(end.Error.Message))
		}
		if end.StatusCode != 0 {
			return &ExitError{Argv: []string{"the container's command"}, Code: int(end.StatusCode)}
		}
	}
	return nil
}
