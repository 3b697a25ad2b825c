package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"al.essio.dev/pkg/shellescape"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"
)

// Command is a command to run in a container: an argv, never a line for a shell.
type Command struct {
	Argv   []string
	User   string   // "UID:GID"; empty for the container's own
	Env    []string // NAME=value, added to the container's
	Dir    string
	Stdin  io.Reader // nil for none; read to its end, or as far as the command reads
	Stdout io.Writer // nil discards
	Stderr io.Writer // nil discards
}

// ExitError is the error of a command that ended with an exit code other than 0.
type ExitError struct {
	Argv   []string
	Code   int
	Reason string // the engine's message if it could not start the command; else empty
}

// Error returns the code and the command, quoted for a shell.
func (e *ExitError) Error() string {
	text := fmt.Sprintf("exit status %d: %s", e.Code, shellescape.QuoteCommand(e.Argv))
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// CommandFailed reports whether an error is the verdict of a command: it ended with an
// exit code, and not because a disk was full.
func CommandFailed(err error) bool {
	var exit *ExitError
	return errors.As(err, &exit) && !strings.Contains(strings.ToLower(err.Error()), "no space left on device")
}

// Exec runs a command in the container and waits for its end. An exit code other than 0 is
// an *ExitError. When ctx ends while the command runs, the container is removed: the Engine
// API has no other way to end a command.
func (c *Container) Exec(ctx context.Context, cmd Command) error {
	api, line := c.engine.api, shellescape.QuoteCommand(cmd.Argv)
	created, err := api.ContainerExecCreate(ctx, c.ID, container.ExecOptions{
		Cmd: cmd.Argv, User: cmd.User, Env: cmd.Env, WorkingDir: cmd.Dir,
		AttachStdin: cmd.Stdin != nil, AttachStdout: true, AttachStderr: true,
	})
	if err != nil {
		return failed("run "+line, err)
	}
	stream, err := api.ContainerExecAttach(ctx, created.ID, container.ExecAttachOptions{})
	if err != nil {
		return failed("run "+line, err)
	}
	removed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(removed)
		c.Remove()
		stream.Close()
	})
	inputErr := feed(stream, cmd.Stdin)
	stdout := &headWriter{Writer: orDiscard(cmd.Stdout)}
	_, err = stdcopy.StdCopy(stdout, orDiscard(cmd.Stderr), stream.Reader)
	if !stop() {
		<-removed
		return ctx.Err()
	}
	stream.Close()
	if err != nil {
		return failed("read the output of "+line, err)
	}
	if err := <-inputErr; err != nil {
		return fmt.Errorf("read the input of %s: %w", line, err)
	}
	return withReason(exitError(ctx, api, created.ID, cmd.Argv), stdout.head)
}

// headWriter keeps the first KiB of what is written: an engine that cannot start a command
// reports there why.
type headWriter struct {
	io.Writer
	head []byte
}

func (w *headWriter) Write(p []byte) (int, error) {
	if left := 1024 - len(w.head); left > 0 {
		w.head = append(w.head, p[:min(left, len(p))]...)
	}
	return w.Writer.Write(p)
}

// withReason adds to an ExitError why the engine could not start the command, where the
// head of its output says so.
func withReason(err error, head []byte) error {
	var exit *ExitError
	if errors.As(err, &exit) && strings.HasPrefix(string(head), "OCI runtime exec failed") {
		exit.Reason = strings.TrimSpace(string(head))
	}
	return err
}

// feed copies a command's input in the background, then sends the error of reading it.
// Errors of writing do not count: a command that stops reading reports by its exit code
// whether that was right.
func feed(stream types.HijackedResponse, in io.Reader) <-chan error {
	result := make(chan error, 1)
	if in == nil {
		close(result)
		return result
	}
	go func() {
		defer close(result)
		source := &errorKeeper{Reader: in}
		io.CopyBuffer(stream.Conn, source, make([]byte, 256<<10))
		stream.CloseWrite()
		result <- source.err
	}()
	return result
}

// errorKeeper keeps the error of a reader, since the error of a copy may be the writer's.
type errorKeeper struct {
	io.Reader
	err error
}

func (r *errorKeeper) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

// exitError returns how a command ended. One that is still running although its output has
// ended was cut off: the engine or the container went away.
func exitError(ctx context.Context, api client.ContainerAPIClient, id string, argv []string) error {
	info, err := api.ContainerExecInspect(ctx, id)
	if err != nil {
		return failed("read the exit code of "+shellescape.QuoteCommand(argv), err)
	}
	if info.Running {
		return failed("run "+shellescape.QuoteCommand(argv), errors.New("the engine cut it off"))
	}
	if info.ExitCode != 0 {
		return &ExitError{Argv: argv, Code: info.ExitCode}
	}
	return nil
}

// Output runs a command and returns what it printed to stdout. If it fails, the error has
// what it printed to stderr.
func (c *Container) Output(ctx context.Context, cmd Command) (string, error) {
	var out, errText strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errText
	if err := c.Exec(ctx, cmd); err != nil {
		return out.String(), fmt.Errorf("%w\n%s", err, strings.TrimSpace(errText.String()))
	}
	return out.String(), nil
}

func orDiscard(w io.Writer) io.Writer {
	if w == nil {
		return io.Discard
	}
	return w
}
