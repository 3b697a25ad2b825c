package engine

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/docker/docker/api/types/container"
	"golang.org/x/term"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// Interact runs a command in the container on this process's terminal, as ssh
// does: keys go in as they are typed and the size of the window is passed on. The
// command's exit code, if not 0, is an *ExitError.
func (c *Container) Interact(ctx context.Context, cmd Command, in *os.File, out io.Writer) error {
	fd := int(in.Fd())
	if !term.IsTerminal(fd) {
		return fault.New(fault.Usage, "run the command in a terminal", "run %s: standard input is no terminal", Quote(cmd.Argv))
	}
	api := c.engine.api
	made, err := api.ContainerExecCreate(ctx, c.ID, container.ExecOptions{
		Cmd: cmd.Argv, User: cmd.User, Env: append(cmd.Env, "TERM="+os.Getenv("TERM")), WorkingDir: cmd.Dir,
		AttachStdin: true, AttachStdout: true, AttachStderr: true, Tty: true,
	})
	if err != nil {
		return c.engine.failed("run "+Quote(cmd.Argv), err)
	}
	stream, err := api.ContainerExecAttach(ctx, made.ID, container.ExecAttachOptions{Tty: true})
	if err != nil {
		return c.engine.failed("run "+Quote(cmd.Argv), err)
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
	go c.followSize(watching, made.ID, fd)
	go io.Copy(stream.Conn, in)
	io.Copy(out, stream.Reader)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return c.exitOf(ctx, made.ID, cmd.Argv)
}

// followSize passes the window's size on whenever it changes.
func (c *Container) followSize(ctx context.Context, exec string, fd int) {
	var width, height int
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		w, h, err := term.GetSize(fd)
		if err == nil && (w != width || h != height) {
			width, height = w, h
			c.engine.api.ContainerExecResize(ctx, exec, container.ResizeOptions{Width: uint(w), Height: uint(h)})
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}
