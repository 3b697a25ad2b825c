// Package server runs a site image as it should be run in production: it starts the
// container, waits until the server answers, tests a configuration, and keeps what is
// known of a failure.
package server

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/report"
	"github.com/romanatrashyonok/kiln/internal/site/suite"
)

// startTimeout bounds the wait for the server's first answer.
const startTimeout = 30 * time.Second

// Runner starts the images of one site.
type Runner struct {
	Engine  *engine.Client
	Console *report.Console
	Port    int    // that the server listens on, in its container
	Host    string // value of the Host header that leads to the site; "" for any
	Health  suite.Health
	Dist    string // folder that diagnostics go to
}

// Server is a running site image.
type Server struct {
	*engine.Container
	URL *url.URL // of its root, from this machine
}

// Spec returns how an image is run: with nothing that a web server does not need. A host
// port of 0 lets the engine choose.
func (r Runner) Spec(image string, port int) engine.Spec {
	return engine.Spec{
		Image: image, Kind: "verify", Publish: r.Port, Port: port,
		Hardened: true, Memory: 192 << 20, PIDs: 64, // ten thousand slow clients take 116 MiB, most of it the kernel's
	}
}

// Start runs an image and returns once it answers. The caller removes the server. One that
// does not answer within 30 s is removed, and is a failure of the image.
func (r Runner) Start(ctx context.Context, image string, port int) (Server, error) {
	ctr, err := r.Engine.Run(ctx, r.Spec(image, port))
	if err != nil {
		return Server{}, err
	}
	at, err := r.Await(ctx, ctr)
	if err != nil {
		ctr.Remove()
		return Server{}, err
	}
	return Server{ctr, at}, nil
}

// Await returns the address of a container's server as soon as it answers. One that does not
// within 30 s is an error of class fault.Failed.
func (r Runner) Await(ctx context.Context, ctr *engine.Container) (*url.URL, error) {
	limited, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	address, err := ctr.Address(ctx, r.Port)
	if err != nil {
		return nil, r.startError(ctx, ctr, err)
	}
	root := &url.URL{Scheme: "http", Host: address}
	first := start{at: suite.Address{URL: root, Host: r.Host}, health: r.Health}
	for {
		if ready, err := first.ready(limited); ready || err != nil {
			return root, err
		}
		state, err := ctr.State(limited)
		if err == nil && !state.Running {
			return nil, r.neverStarted(ctx, ctr, fmt.Errorf("it exited with code %d", state.ExitCode))
		}
		select {
		case <-limited.Done():
			return nil, r.startError(ctx, ctr, fmt.Errorf("no answer from %s within %s", root.JoinPath(r.Health.Path), startTimeout))
		case <-time.After(20 * time.Millisecond):
		}
		if err != nil && limited.Err() == nil {
			return nil, err
		}
	}
}

// startError returns why a server does not answer: the run was canceled, the engine
// failed, or else the image is at fault.
func (r Runner) startError(ctx context.Context, ctr *engine.Container, cause error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, err := ctr.State(ctx); err != nil {
		return err
	}
	return r.neverStarted(ctx, ctr, cause)
}

// neverStarted collects the diagnostics of a container that serves nothing.
func (r Runner) neverStarted(ctx context.Context, ctr *engine.Container, cause error) error {
	r.CollectDiagnostics(ctx, ctr, nil)
	return fault.New(fault.Failed, "the end of the container's log is above this line; diagnostics: "+r.Diagnostics(), "start the image: %w", cause)
}
