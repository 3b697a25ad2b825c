// Package engine is the one room that speaks to a Docker engine and to
// registries. Everything crosses the Engine API: nothing in here hands the
// engine a path of this machine or runs the docker command, so an engine that is
// remote, rootless or in a virtual machine behaves like a local one.
//
//	engine, err := docker.Connect(ctx, os.Getenv)
//	id, err := engine.Build(ctx, docker.Build{Context: dir, Tags: []string{"me/site:1"}}, console)
//	box, err := engine.Run(ctx, docker.Spec{Image: id})
//	defer box.Remove()
//
// Whatever it makes carries the label "kiln" and says which run made it, so that
// Sweep and Prune find it again.
package engine

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/system"
	"github.com/docker/docker/api/types/versions"
	"github.com/docker/docker/client"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// MinAPI is the oldest Engine API that Kiln speaks: Engine 20.10's.
const MinAPI = "1.41"

// pingTimeout bounds the first contact; ssh needs some of it for its handshake.
const pingTimeout = 15 * time.Second

// Client is a connection to a Docker engine. It is safe for concurrent use.
type Client struct {
	api      *client.Client
	endpoint endpoint
	getenv   func(string) string
	account  string // the registry that the account in the environment is for; "" for any
	owner    owner
	buildKit bool
	removals sync.WaitGroup // containers that are on their way out
}

// Info tells what engine was found.
type Info struct {
	Host     string `json:"host"`     // where it listens
	Origin   string `json:"origin"`   // who named that place
	Version  string `json:"version"`  // of the engine, as "20.10.24"
	API      string `json:"api"`      // that was agreed on, as "1.41"
	BuildKit bool   `json:"buildkit"` // whether it builds with BuildKit sessions
	Driver   string `json:"driver"`   // of its store, as "overlay2"
	OS       string `json:"os"`       // as "linux"
	Arch     string `json:"arch"`     // as the engine spells it: x86_64, aarch64
	Root     string `json:"root"`     // where it keeps its data, on its machine
	CPUs     int    `json:"cpus"`
	Memory   int64  `json:"memory"` // bytes
}

// String names the engine for a log line.
func (i Info) String() string {
	return fmt.Sprintf("Docker engine %s (API %s, %s) at %s", i.Version, i.API, i.Driver, i.Host)
}

// Connect finds the engine as the docker command does and agrees on an API
// version. getenv is os.Getenv. An engine that is not there or too old is an
// error of the surroundings that says which engine was tried and why it fails.
func Connect(ctx context.Context, getenv func(string) string) (*Client, error) {
	at, err := findEndpoint(getenv)
	if err != nil {
		return nil, err
	}
	opts, err := at.options()
	if err != nil {
		return nil, err
	}
	api, err := client.NewClientWithOpts(append(opts, client.WithAPIVersionNegotiation())...)
	if err != nil {
		return nil, fault.New(fault.Usage, "correct "+at.origin+": its form is in Docker's documentation",
			"connect to the engine at %s (%s): %w", at.host, at.origin, err)
	}
	e := &Client{api: api, endpoint: at, getenv: getenv, owner: thisOwner()}
	return e, e.negotiate(ctx)
}

// negotiate makes the first contact and settles the API version.
func (e *Client) negotiate(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	ping, err := e.api.Ping(ctx)
	if err != nil {
		return fault.NewWithCause(fault.Engine, "go tool mage setup, or set DOCKER_HOST to a running engine",
			"connect to the engine at %s (%s): %w", e.endpoint.host, e.endpoint.origin, err)
	}
	if versions.LessThan(ping.APIVersion, MinAPI) {
		return fault.NewWithCause(fault.Engine, "use Docker Engine 20.10 or newer",
			"engine at %s (%s) speaks API %s: Kiln needs %s or newer",
			e.endpoint.host, e.endpoint.origin, ping.APIVersion, MinAPI)
	}
	e.api.NegotiateAPIVersionPing(ping)
	e.buildKit = ping.BuilderVersion == build.BuilderBuildKit || e.hasSession(ctx)
	return nil
}

// Info asks the engine what it is.
func (e *Client) Info(ctx context.Context) (Info, error) {
	info, err := e.api.Info(ctx)
	if err != nil {
		return Info{}, e.failed("ask the engine what it is", err)
	}
	return e.describe(info), nil
}

func (e *Client) describe(info system.Info) Info {
	return Info{
		Host: e.endpoint.host, Origin: e.endpoint.origin,
		Version: info.ServerVersion, API: e.api.ClientVersion(), BuildKit: e.buildKit,
		Driver: info.Driver, OS: info.OSType, Arch: info.Architecture, Root: info.DockerRootDir,
		CPUs: info.NCPU, Memory: info.MemTotal,
	}
}

// Close ends the connection, when all containers that were left are gone.
func (e *Client) Close() error {
	e.removals.Wait()
	return e.api.Close()
}

// failed wraps an error of the engine: what it did, and that the surroundings
// are at fault. A full disk has a fix, since the engine only passes text on.
func (e *Client) failed(doing string, err error) error {
	if err == nil {
		return nil
	}
	fix, cause := "", fault.Engine
	switch {
	case client.IsErrConnectionFailed(err):
		fix = "start the engine: go tool mage setup"
	case strings.Contains(err.Error(), "no space left on device"):
		cause = fault.Resources
		fix = "free disk space: go tool mage prune, or docker system prune"
	}
	return &fault.Error{Class: fault.Environment, Cause: cause, Err: fmt.Errorf("%s: %w", doing, err), Fix: fix}
}
