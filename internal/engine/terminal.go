package engine

import (
	"context"
	"io"
	"os"
	"time"

	"al.essio.dev/pkg/shellescape"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
	"golang.org/x/term"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// Interact runs a command in the container on the terminal in, as ssh does: keys are sent as
// they are typed, the window's size is passed on, and both streams are copied to out. The
// command's environment should have TERM, the terminal's type. Its Stdin, Stdout and Stderr are
// ignored. An exit code other than 0 is an *ExitError.
func (c *Container) Interact(ctx context.Context, cmd Command, in *os.File, out io.Writer) error {
	fd, line := int(in.Fd()), shellescape.QuoteCommand(cmd.Argv)
	if !term.IsTerminal(fd) {
		return fault.New(fault.Usage, "run it in a terminal", "run %s: standard input is not a terminal", line)
	}
	api := c.engine.api
	created, err := api.ContainerExecCreate(ctx, c.ID, container.ExecOptions{
		Cmd: cmd.Argv, User: cmd.User, Env: cmd.Env, WorkingDir: cmd.Dir,
		AttachStdin: true, AttachStdout: true, AttachStderr: true, Tty: true,
	})
	if err != nil {
		return failed("run "+line, err)
	}
	stream, err := api.ContainerExecAttach(ctx, created.ID, container.ExecAttachOptions{Tty: true})
	if err != nil {
		return failed("run "+line, err)
	}
	defer stream.Close()
	before, err := term.MakeRaw(fd)
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	defer term.Restore(fd, before)
	stop := context.AfterFunc(ctx, stream.Close)
	defer stop()
	watching, end := context.WithCancel(ctx)
	defer end()
	go followSize(watching, api, created.ID, fd)
	go io.Copy(stream.Conn, in)
	io.Copy(out, stream.Reader)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return exitError(ctx, api, created.ID, cmd.Argv)
}

// followSize passes the window's size on whenever it changes, until ctx ends.
func followSize(ctx context.Context, api client.ContainerAPIClient, exec string, fd int) {
	var width, height int
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		w, h, err := term.GetSize(fd)
		if err == nil && (w != width || h != height) {
			width, height = w, h
			api.ContainerExecResize(ctx, exec, container.ResizeOptions{Width: uint(w), Height: uint(h)})
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}
