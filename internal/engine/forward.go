package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"github.com/romanatrashyonok/kiln/cmd"
	"github.com/romanatrashyonok/kiln/internal/engine/tunnel"
	"github.com/romanatrashyonok/kiln/internal/gobuild"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
)

// forwardKind is the kind of the container and of the image that a Forward uses.
const forwardKind = "forward"

// nobody is the user of programs that need no rights.
const nobody = "65534:65534"

// Forward connects to the ports of a container from inside its network: a program beside it
// opens the connections, and they all cross the Engine API as that program's stdin and
// stdout. So no port is published, it does not matter where the engine is, and a server that
// listens on loopback is reached too.
type Forward struct {
	tunnel  *tunnel.Tunnel
	program *Container
	errors  strings.Builder // what the program printed to stderr; complete once ended is closed
	ended   chan struct{}
}

// Forward starts a way to the ports of the container, which must be running. The caller
// closes it. The program is compiled by c for the engine's architecture, unless the engine
// has its image from an earlier run.
func (c *Container) Forward(ctx context.Context, compiler gobuild.Compiler) (*Forward, error) {
	image, err := forwardImage(ctx, c.engine, compiler)
	if err != nil {
		return nil, err
	}
	program, err := c.engine.Create(ctx, Spec{
		Image: image, Kind: forwardKind, Beside: c, Attached: true, Transient: true,
		Hardened: true, Memory: 512 << 20, PIDs: 64, // ten thousand connections take 300 MiB
	})
	if err != nil {
		return nil, err
	}
	f := &Forward{program: program, ended: make(chan struct{})}
	if err := f.start(ctx); err != nil {
		program.Remove()
		return nil, err
	}
	return f, nil
}

// start attaches to the program before it starts, so that nothing is lost.
func (f *Forward) start(ctx context.Context) error {
	api := f.program.engine.api
	// The stream outlives ctx: connections that are open then end by themselves.
	stream, err := api.ContainerAttach(context.WithoutCancel(ctx), f.program.ID, container.AttachOptions{Stream: true, Stdin: true, Stdout: true, Stderr: true})
	if err != nil {
		return failed("attach to the port forward", err)
	}
	output, writer := io.Pipe()
	go func() {
		defer close(f.ended)
		_, err := stdcopy.StdCopy(writer, &f.errors, stream.Reader)
		writer.CloseWithError(err)
	}()
	if f.tunnel, err = tunnel.New(ctx, attached{stream.Conn, output}); err != nil {
		return err
	}
	if err := api.ContainerStart(ctx, f.program.ID, container.StartOptions{}); err != nil {
		f.tunnel.Close()
		return failed("start the port forward", err)
	}
	return nil
}

// attached is a container's stdin and stdout as a connection.
type attached struct {
	net.Conn // stdin
	output   *io.PipeReader
}

func (a attached) Read(p []byte) (int, error) { return a.output.Read(p) }

func (a attached) Close() error {
	a.output.Close()
	return a.Conn.Close()
}

// DialContext connects to a port as from inside the container: 127.0.0.1 is the
// container's. The error is tunnel.ErrRefused where nothing listens; a lost connection to
// the program is an environment problem.
func (f *Forward) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := f.tunnel.DialContext(ctx, network, address)
	if !errors.Is(err, tunnel.ErrLost) {
		return conn, err
	}
	return nil, failed("reach "+address+" in the container", f.withReason(err))
}

// withReason adds what the program printed before it ended.
func (f *Forward) withReason(err error) error {
	select {
	case <-f.ended:
		if text := strings.TrimSpace(f.errors.String()); text != "" {
			return fmt.Errorf("%w: %s", err, text)
		}
	case <-time.After(time.Second): // the engine does not answer
	}
	return err
}

// Err returns an environment problem once the program or the engine is lost, else nil.
func (f *Forward) Err() error {
	if err := f.tunnel.Err(); err != nil {
		return failed("reach the container", f.withReason(err))
	}
	return nil
}

// Close ends all connections and removes the program.
func (f *Forward) Close() error {
	f.tunnel.Close()
	return f.program.Remove()
}

// forwardImage returns the image of the program for the engine's architecture.
func forwardImage(ctx context.Context, e *Client, compiler gobuild.Compiler) (string, error) {
	arch, err := e.GoArch(ctx)
	if err != nil {
		return "", err
	}
	program := gobuild.Program{Name: "portforward", Source: cmd.PortForward(), Arch: arch}
	if program.Arch == "arm" {
		program.GoEnv = []string{"GOARM=5"} // runs on all
	}
	name := "kiln/portforward:" + program.Arch + "-" + program.Hash()[:12]
	found, err := e.FindImage(ctx, name)
	if err == nil || !errors.Is(err, ErrNoImage) {
		return found.ID, err
	}
	path, err := compiler.Compile(ctx, program)
	if err != nil {
		return "", err
	}
	image, err := imagebuild.Program{Path: path, Arch: program.Arch, User: nobody, Labels: map[string]string{Label: forwardKind}}.Image()
	if err != nil {
		return "", err
	}
	id, err := e.Load(ctx, image, 0, name)
	if err != nil {
		return "", err
	}
	return id, e.removeOlder(ctx, forwardKind, id)
}

// removeOlder removes the images of a kind other than one, unless something uses them.
func (e *Client) removeOlder(ctx context.Context, kind, id string) error {
	images, err := e.Images(ctx, kind, nil)
	if err != nil {
		return err
	}
	for _, i := range images {
		if i.ID == id {
			continue
		}
		if _, _, err := e.Evict(ctx, i.ID); err != nil {
			return err
		}
	}
	return nil
}
