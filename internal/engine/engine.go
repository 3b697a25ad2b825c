// Package engine is the client for a Docker engine. Everything crosses the Engine API: it
// neither passes the engine a path of this machine nor runs the docker command, so an
// engine that is remote, rootless or in a virtual machine behaves like a local one.
//
//	e, err := engine.Connect(ctx, os.Getenv, registry.New(os.Getenv, ""))
//	id, err := e.Build(ctx, engine.Build{Context: dir, Tags: []string{"me/site:1"}}, console)
//	ctr, err := e.Run(ctx, engine.Spec{Image: id})
//	defer ctr.Remove()
//
// All that it creates carries the label "kiln" and the identity of its run, by which Sweep
// and Prune find it.
package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/versions"
	"github.com/docker/docker/client"

	"github.com/romanatrashyonok/kiln/internal/engine/endpoint"
	"github.com/romanatrashyonok/kiln/internal/engine/owner"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/registry"
)

// minAPI is the oldest supported Engine API: that of Engine 20.10.
const minAPI = "1.41"

// Label is the label of all that Kiln creates in an engine. Its value is the kind: "build",
// "verify", "source", "base", ...
const Label = "kiln"

// pingTimeout bounds the first request, with the handshake of ssh.
const pingTimeout = 15 * time.Second

// Client is a connection to a Docker engine. It is safe for concurrent use.
type Client struct {
	api      *client.Client
	endpoint endpoint.Endpoint
	registry *registry.Client // whose credentials pulls and builds use
	owner    owner.Owner
	buildKit bool
	removals sync.WaitGroup // of containers, in the background

	keeping sync.Mutex
	kept    []string // names that keep images
}

// Info describes an engine.
type Info struct {
	Host     string `json:"host"`     // where it listens, as "unix:///var/run/docker.sock"
	Origin   string `json:"origin"`   // what named that host, as "DOCKER_HOST"
	Version  string `json:"version"`  // as "20.10.24"
	API      string `json:"api"`      // the negotiated version, as "1.41"
	BuildKit bool   `json:"buildkit"` // whether it builds with BuildKit sessions
	Driver   string `json:"driver"`   // of its image store, as "overlay2"
	OS       string `json:"os"`       // as "linux"
	Arch     string `json:"arch"`     // as the engine spells it: x86_64, aarch64
	Root     string `json:"root"`     // its data folder, on its machine
	CPUs     int    `json:"cpus"`
	Memory   int64  `json:"memory"` // bytes
}

// String describes the engine in a log line.
func (i Info) String() string {
	return fmt.Sprintf("Docker engine %s (API %s, %s) at %s", i.Version, i.API, i.Driver, i.Host)
}

// Connect finds the engine as the docker command does and negotiates the API version.
// getenv returns the value of a variable, as os.Getenv does; pulls and builds use the
// credentials of r. An engine that cannot be
// reached or is too old is an environment problem; the error names the engine.
func Connect(ctx context.Context, getenv func(string) string, r *registry.Client) (*Client, error) {
	at, err := endpoint.Find(getenv)
	if err != nil {
		return nil, err
	}
	opts, err := at.Options()
	if err != nil {
		return nil, err
	}
	api, err := client.NewClientWithOpts(append(opts, client.WithAPIVersionNegotiation())...)
	if err != nil {
		return nil, fault.New(fault.Usage, "correct "+at.Origin+": its form is in Docker's documentation",
			"connect to the engine at %s (%s): %w", at.Name(), at.Origin, err)
	}
	e := &Client{api: api, endpoint: at, registry: r, owner: owner.Current()}
	if err := negotiate(ctx, e); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// connectFix returns the fix for an engine that does not answer.
func connectFix(at endpoint.Endpoint) string {
	if path, ok := strings.CutPrefix(at.Host, "unix://"); ok && denied(path) {
		return "sudo usermod -aG docker $USER, and log in again"
	}
	return "go tool mage setup, or set DOCKER_HOST to a running engine"
}

// denied reports whether this user may not connect to a socket that exists.
func denied(path string) bool {
	conn, err := net.Dial("unix", path)
	if err == nil {
		conn.Close()
	}
	return errors.Is(err, fs.ErrPermission)
}

// negotiate makes the first request and sets the API version.
func negotiate(ctx context.Context, e *Client) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	ping, err := e.api.Ping(ctx)
	if err != nil {
		return fault.NewWithCause(fault.Engine, connectFix(e.endpoint),
			"connect to the engine at %s (%s): %w", e.endpoint.Name(), e.endpoint.Origin, err)
	}
	if versions.LessThan(ping.APIVersion, minAPI) {
		return fault.NewWithCause(fault.Engine, "use Docker Engine 20.10 or newer",
			"connect to the engine at %s (%s): it has API %s, Kiln needs %s or newer",
			e.endpoint.Name(), e.endpoint.Origin, ping.APIVersion, minAPI)
	}
	e.api.NegotiateAPIVersionPing(ping)
	e.buildKit = ping.BuilderVersion == build.BuilderBuildKit || hasSessions(ctx, e.api)
	return nil
}

// Info returns the description of the engine.
func (e *Client) Info(ctx context.Context) (Info, error) {
	info, err := e.api.Info(ctx)
	if err != nil {
		return Info{}, failed("read the engine's description", err)
	}
	return Info{
		Host: e.endpoint.Name(), Origin: e.endpoint.Origin,
		Version: info.ServerVersion, API: e.api.ClientVersion(), BuildKit: e.buildKit,
		Driver: info.Driver, OS: info.OSType, Arch: info.Architecture, Root: info.DockerRootDir,
		CPUs: info.NCPU, Memory: info.MemTotal,
	}, nil
}

// GoArch returns the architecture of the engine's machine, as Go names it.
func (e *Client) GoArch(ctx context.Context) (string, error) {
	version, err := e.api.ServerVersion(ctx)
	return version.Arch, failed("read the engine's architecture", err)
}

// labels returns the labels of an object of a kind that this run creates.
func (e *Client) labels(kind string, more map[string]string) map[string]string {
	labels := e.owner.Labels()
	labels[Label] = kind
	maps.Copy(labels, more)
	return labels
}

// Close waits for the removals in the background, releases the images that were kept, and
// closes the connection.
func (e *Client) Close() error {
	e.removals.Wait()
	e.releaseAll()
	return e.api.Close()
}

// failed returns an engine's error as an environment problem, with the action that failed
// and a fix for the common causes. Only the text shows that the disk is full.
func failed(action string, err error) error {
	if err == nil {
		return nil
	}
	fix, cause := "", fault.Engine
	switch {
	case client.IsErrConnectionFailed(err):
		fix = "start the engine: go tool mage setup"
	case strings.Contains(err.Error(), "no space left on device"):
		cause = fault.Resources
		fix = "free some disk space: go tool mage prune, or docker system prune"
	}
	return &fault.Error{Class: fault.Environment, Cause: cause, Err: fmt.Errorf("%s: %w", action, err), Fix: fix}
}
