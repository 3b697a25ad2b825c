// Package server runs a site image as it should be run in production: it starts the
// container, waits until the server answers, tests a configuration, and keeps what is
// known of a failure.
package server

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/gobuild"
	"github.com/romanatrashyonok/kiln/internal/report"
	"github.com/romanatrashyonok/kiln/internal/site/suite"
)

// startTimeout bounds the wait for the server's first answer.
const startTimeout = 30 * time.Second

// Runner starts the images of one site.
type Runner struct {
	Engine   *engine.Client
	Console  *report.Console
	Port     int    // that the server listens on, in its container
	Host     string // value of the Host header that leads to the site; "" for any
	Health   suite.Health
	Hosts    []string // names of other hosts, which do not exist where the server is tried
	Dist     string   // folder that diagnostics go to
	Compiler gobuild.Compiler
}

// Server is a running site image.
type Server struct {
	*engine.Container
	URL     *url.URL // of its root, as from inside its container
	host    string   // value of the Host header that leads to the site; "" for any
	forward *engine.Forward
}

// Address returns how the site is reached: through the engine.
func (s Server) Address() suite.Address {
	return suite.Address{URL: s.URL, Dial: s.DialContext, Host: s.host}
}

// Err returns an environment problem where the engine no longer connects to the server.
func (s Server) Err() error { return s.forward.Err() }

// Remove removes the server.
func (s Server) Remove() error {
	var forward error
	var both sync.WaitGroup
	both.Go(func() { forward = s.forward.Close() })
	err := s.Container.Remove()
	both.Wait()
	return errors.Join(err, forward)
}

// nowhere is an address to which no connection can be opened: Linux refuses at once (ENETUNREACH).
// Nginx starts, and answers 502 for a host that has it.
const nowhere = "255.255.255.255"

// Spec returns how an image is run: with nothing that a web server does not need.
func (r Runner) Spec(image string) engine.Spec {
	spec := engine.Spec{
		Image: image, Kind: "verify", Hardened: true,
		Memory: 192 << 20, PIDs: 64, // ten thousand slow clients take 116 MiB, most of it the kernel's
	}
	for _, h := range r.Hosts {
		spec.Hosts = append(spec.Hosts, h+":"+nowhere)
	}
	return spec
}

// Start runs an image and returns once it answers. The caller removes the server. One that
// does not answer within 30 s is removed, and is a failure of the image.
func (r Runner) Start(ctx context.Context, image string) (Server, error) {
	ctr, err := r.Engine.Run(ctx, r.Spec(image))
	if err != nil {
		return Server{}, err
	}
	s, err := r.Await(ctx, ctr)
	if err != nil {
		ctr.Remove()
	}
	return s, err
}

// Await returns a container's server as soon as it answers. One that does not within 30 s is
// an error of class fault.Failed.
func (r Runner) Await(ctx context.Context, ctr *engine.Container) (Server, error) {
	forward, err := ctr.Forward(ctx, r.Compiler)
	if err != nil {
		return Server{}, r.forwardError(ctx, ctr, err)
	}
	s := Server{Container: ctr, URL: &url.URL{Scheme: "http", Host: loopback(r.Port)[0]}, host: r.Host, forward: forward}
	if err := r.await(ctx, s); err != nil {
		forward.Close()
		return Server{}, err
	}
	return s, nil
}

// await returns once the server answers.
func (r Runner) await(ctx context.Context, s Server) error {
	limited, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	first := start{at: s.Address(), health: r.Health}
	for {
		if ready, err := first.ready(limited); ready || err != nil {
			return err
		}
		state, err := s.State(limited)
		if err == nil && !state.Running {
			return r.neverStarted(ctx, s.Container, fmt.Errorf("it exited with code %d", state.ExitCode))
		}
		select {
		case <-limited.Done():
			return r.startError(ctx, s.Container, fmt.Errorf("no answer from %s within %s", s.URL.JoinPath(r.Health.Path), startTimeout))
		case <-time.After(20 * time.Millisecond):
		}
		if err = errors.Join(err, s.Err()); err != nil && limited.Err() == nil {
			return err
		}
	}
}

// forwardError returns why a container's ports are not reached: where it has exited, the
// image is at fault.
func (r Runner) forwardError(ctx context.Context, ctr *engine.Container, cause error) error {
	if state, err := ctr.State(ctx); err == nil && !state.Running {
		return r.neverStarted(ctx, ctr, fmt.Errorf("it exited with code %d", state.ExitCode))
	}
	return cause
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
