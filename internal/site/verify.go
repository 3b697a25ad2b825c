package site

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/report"
	"github.com/romanatrashyonok/kiln/internal/site/suite"
)

// VerifySchema names the form of verify.json.
const VerifySchema = "kiln/verify/v1"

// startTimeout bounds the wait for the server's first answer.
const startTimeout = 30 * time.Second

// Verdict is what the suite found: verify.json.
type Verdict struct {
	Schema  string        `json:"schema"`
	Image   string        `json:"image"` // the name that was run
	ID      string        `json:"id"`
	Engine  engine.Info   `json:"engine"`
	Base    base.Image    `json:"base"`
	Checks  []suite.Check `json:"checks"`
	Passed  int           `json:"passed"`
	Failed  int           `json:"failed"`
	Seconds float64       `json:"seconds"`
	Memory  int64         `json:"memory"` // bytes that the container took when all had been asked
}

// String tells the verdict in a line, and what failed in a line each.
func (v Verdict) String() string {
	text := fmt.Sprintf("%s: %d checks passed, %d failed (%.1fs)", v.Image, v.Passed, v.Failed, v.Seconds)
	for _, c := range v.Checks {
		if !c.Passed {
			text += fmt.Sprintf("\n  %s: expected %s, got %s", c.Name, c.Expected, c.Got)
		}
	}
	return text
}

// Verify runs the built image as it should be run in production and proves it by
// what it serves. The verdict is written to dist/verify.json, good or bad; a bad
// one is an error as well.
func (s Site) Verify(ctx context.Context, i Image) (Verdict, error) {
	os.RemoveAll(filepath.Join(s.Dist, filepath.Base(diagnosticsFolder))) // of an earlier failure
	v, err := s.verify(ctx, i.ID)
	if err != nil {
		return v, err
	}
	v.Image, v.Base = i.Ref, i.Base
	if err := report.Write(filepath.Join(s.Dist, "verify.json"), v); err != nil {
		return v, err
	}
	return v, v.err()
}

func (v Verdict) err() error {
	if v.Failed == 0 {
		return nil
	}
	return fault.New(fault.Failed, "see dist/verify.json and "+diagnosticsFolder, "verify %s", v)
}

// verify starts an image, runs the suite on it and removes the container.
func (s Site) verify(ctx context.Context, ref string) (Verdict, error) {
	start := time.Now()
	v := Verdict{Schema: VerifySchema, Image: ref}
	var err error
	if v.Engine, err = s.Engine.Info(ctx); err != nil {
		return v, err
	}
	found, err := s.Engine.FindImage(ctx, ref)
	if err != nil {
		return v, err
	}
	v.ID = found.ID
	ctr, err := s.Engine.Run(ctx, production(ref, s.Bundle, 0))
	if err != nil {
		return v, err
	}
	defer ctr.Remove()
	at, err := s.await(ctx, ctr)
	if err != nil {
		return v, err
	}
	report := suite.Run(ctx, at, s.Bundle.Expectation(), target{ctr})
	v.Checks, v.Memory = report.Checks, report.Memory
	if ctx.Err() != nil {
		return v, ctx.Err()
	}
	for _, c := range v.Checks {
		if c.Passed {
			v.Passed++
		} else {
			v.Failed++
		}
	}
	v.Seconds = time.Since(start).Seconds()
	if v.Failed > 0 {
		if _, err := ctr.State(ctx); err != nil {
			return v, err // an engine that has gone fails all checks
		}
		s.collectDiagnostics(ctx, ctr, report.Failures)
	}
	return v, nil
}

// production is how the image should be run: nothing that a web server does not
// need. A port of 0 lets the engine choose.
func production(ref string, b Bundle, port int) engine.Spec {
	return engine.Spec{
		Image: ref, Kind: "verify", Publish: b.Port(), Port: port,
		Hardened: true, Memory: 192 << 20, PIDs: 64, // ten thousand slow clients take 116 MiB, most of it the kernel's
	}
}

// await gives the server's address as soon as it takes connections.
func (s Site) await(ctx context.Context, ctr *engine.Container) (*url.URL, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	address, err := ctr.Address(ctx, s.Bundle.Port())
	if err != nil {
		return nil, s.stillborn(ctx, ctr, err)
	}
	health := &url.URL{Scheme: "http", Host: address, Path: s.Bundle.HealthPath()}
	for {
		if suite.Answers(ctx, health) {
			return &url.URL{Scheme: "http", Host: address}, nil
		}
		state, err := ctr.State(ctx)
		if err == nil && !state.Running {
			return nil, s.neverStarted(ctr, fmt.Errorf("it ended with code %d", state.ExitCode))
		}
		select {
		case <-ctx.Done():
			return nil, s.stillborn(ctx, ctr, fmt.Errorf("no answer from %s within %s", health, startTimeout))
		case <-time.After(20 * time.Millisecond):
		}
		if err != nil && ctx.Err() == nil {
			return nil, err
		}
	}
}

// stillborn tells why a server cannot be asked, unless it is the run that was broken off,
// or the engine that failed.
func (s Site) stillborn(ctx context.Context, ctr *engine.Container, cause error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	if _, err := ctr.State(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	return s.neverStarted(ctr, cause)
}

// neverStarted tells why a container serves nothing, with its log.
func (s Site) neverStarted(ctr *engine.Container, cause error) error {
	s.collectDiagnostics(context.Background(), ctr, nil)
	return fault.New(fault.Failed, "see the container's log above and "+diagnosticsFolder, "start the image: %w", cause)
}

// target shows a container to the suite.
type target struct{ *engine.Container }

// Output runs a program in the container.
func (b target) Output(ctx context.Context, argv ...string) (string, error) {
	out, err := b.Container.Output(ctx, engine.Command{Argv: argv})
	var exit *engine.ExitError
	if errors.As(err, &exit) && exit.Reason != "" {
		return out, fmt.Errorf("%w: %s", suite.ErrNoTool, exit.Reason)
	}
	return out, err
}

// List gives what lies below a folder of the container.
func (b target) List(ctx context.Context, folder string) ([]suite.Entry, error) {
	list, err := b.Container.List(ctx, folder)
	entries := make([]suite.Entry, len(list))
	for i, f := range list {
		entries[i] = suite.Entry(f)
	}
	return entries, err
}

// Processes lists what runs in the container.
func (b target) Processes(ctx context.Context) ([]suite.Process, error) {
	list, err := b.Container.Processes(ctx)
	processes := make([]suite.Process, len(list))
	for i, p := range list {
		processes[i] = suite.Process(p)
	}
	return processes, err
}
