package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"
)

// Command is work inside a container: an argv, never a line for a shell.
type Command struct {
	Argv   []string
	User   string   // "UID:GID"; empty for the container's own
	Env    []string // NAME=value, added to the container's
	Dir    string
	Stdin  io.Reader // nil for none; read to its end, or as far as the command does
	Stdout io.Writer // nil discards
	Stderr io.Writer // nil discards
}

// ExitError is a command that ended with another code than 0.
type ExitError struct {
	Argv   []string
	Code   int
	Reason string // by the engine, of a command that it could not start; else empty
}

// Error gives the code and the command in a form that can be pasted into a shell.
func (e *ExitError) Error() string {
	text := fmt.Sprintf("exit status %d: %s", e.Code, Quote(e.Argv))
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// CommandFailed tells whether an error is a command's own word: it ended with a code, and not
// because a disk was full.
func CommandFailed(err error) bool {
	var exit *ExitError
	return errors.As(err, &exit) && !strings.Contains(strings.ToLower(err.Error()), "no space left on device")
}

// Quote writes an argv so that a shell would read it as the same words.
func Quote(argv []string) string {
	words := make([]string, len(argv))
	for i, a := range argv {
		if a == "" || strings.ContainsAny(a, " \t\n\"'`$&|;<>()*?[]#~\\!{}") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		words[i] = a
	}
	return strings.Join(words, " ")
}

// Exec runs a command in the container and waits for its end. A code other than
// 0 is an *ExitError. When ctx ends while the command runs, the container is
// removed: the Engine API has no other way to end a command.
func (c *Container) Exec(ctx context.Context, cmd Command) error {
	api := c.engine.api
	made, err := api.ContainerExecCreate(ctx, c.ID, container.ExecOptions{
		Cmd: cmd.Argv, User: cmd.User, Env: cmd.Env, WorkingDir: cmd.Dir,
		AttachStdin: cmd.Stdin != nil, AttachStdout: true, AttachStderr: true,
	})
	if err != nil {
		return failed("run "+Quote(cmd.Argv), err)
	}
	stream, err := api.ContainerExecAttach(ctx, made.ID, container.ExecAttachOptions{})
	if err != nil {
		return failed("run "+Quote(cmd.Argv), err)
	}
	removed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(removed)
		c.Remove()
		stream.Close()
	})
	fed := feed(stream, cmd.Stdin)
	said := &beginning{Writer: orDiscard(cmd.Stdout)}
	_, err = stdcopy.StdCopy(said, orDiscard(cmd.Stderr), stream.Reader)
	if !stop() {
		<-removed
		return ctx.Err()
	}
	stream.Close()
	if err != nil {
		return failed("read the output of "+Quote(cmd.Argv), err)
	}
	if err := <-fed; err != nil {
		return fmt.Errorf("read what %s takes: %w", Quote(cmd.Argv), err)
	}
	return said.explain(c.exitOf(ctx, made.ID, cmd.Argv))
}

// beginning remembers how an output began: an engine that cannot start a command says
// there why.
type beginning struct {
	io.Writer
	text []byte
}

func (b *beginning) Write(p []byte) (int, error) {
	if room := 1024 - len(b.text); room > 0 {
		b.text = append(b.text, p[:min(room, len(p))]...)
	}
	return b.Writer.Write(p)
}

// explain adds to an error what the engine said of a command that it could not start.
func (b *beginning) explain(err error) error {
	var exit *ExitError
	if errors.As(err, &exit) && strings.HasPrefix(string(b.text), "OCI runtime exec failed") {
		exit.Reason = strings.TrimSpace(string(b.text))
	}
	return err
}

// feed hands a command its input, beside whatever else it does, and then gives what
// went wrong with reading it. A command that takes no more says by its code whether
// that was well.
func feed(stream types.HijackedResponse, in io.Reader) <-chan error {
	failed := make(chan error, 1)
	if in == nil {
		close(failed)
		return failed
	}
	go func() {
		defer close(failed)
		source := &remembering{Reader: in}
		io.CopyBuffer(stream.Conn, source, make([]byte, 256<<10))
		stream.CloseWrite()
		failed <- source.failed
	}()
	return failed
}

// remembering keeps the error that a reader ended with, since a copy's may as well be
// the writer's.
type remembering struct {
	io.Reader
	failed error
}

func (r *remembering) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF {
		r.failed = err
	}
	return n, err
}

// exitOf asks how a command ended. A command that is still running although its
// output has ended was cut off: the engine or the container went away.
func (c *Container) exitOf(ctx context.Context, id string, argv []string) error {
	info, err := c.engine.api.ContainerExecInspect(ctx, id)
	if err != nil {
		return failed("ask how it ended: "+Quote(argv), err)
	}
	if info.Running {
		return failed("run "+Quote(argv), fmt.Errorf("the engine cut it off"))
	}
	if info.ExitCode != 0 {
		return &ExitError{Argv: argv, Code: info.ExitCode}
	}
	return nil
}

// Output runs a command and gives what it printed to stdout; what it printed to
// stderr stands in the error when it fails.
func (c *Container) Output(ctx context.Context, cmd Command) (string, error) {
	var out, err strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &err
	if e := c.Exec(ctx, cmd); e != nil {
		return out.String(), fmt.Errorf("%w\n%s", e, strings.TrimSpace(err.String()))
	}
	return out.String(), nil
}

func orDiscard(w io.Writer) io.Writer {
	if w == nil {
		return io.Discard
	}
	return w
}
