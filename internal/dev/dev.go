// Package dev holds the development targets of Kiln itself: its test suite, its linters and
// its benchmarks. Projects that use Kiln have their own.
package dev

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"time"

	"al.essio.dev/pkg/shellescape"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/host"
	"github.com/romanatrashyonok/kiln/internal/registry"
	"github.com/romanatrashyonok/kiln/internal/report"
	"github.com/romanatrashyonok/kiln/toolkit"
)

// runner runs commands of this machine, whose tests and benchmarks use the engine.
type runner struct {
	console *report.Console
	engine  *engine.Client // swept when a command is interrupted; may be nil
}

// newRunner returns a runner without an engine.
func newRunner() *runner {
	return &runner{console: report.New(os.Stdout, os.Stderr, os.Getenv(toolkit.OutputVariable))}
}

// connect connects to the engine, and removes what interrupted runs left in it.
func (r *runner) connect(ctx context.Context) error {
	e, err := engine.Connect(ctx, os.Getenv, registry.New(os.Getenv, ""))
	if err != nil {
		return err
	}
	r.engine = e
	_, err = e.Sweep(ctx)
	return err
}

// close ends the connection.
func (r *runner) close() {
	if r.engine != nil {
		r.engine.Close()
	}
}

// install installs what is missing of the dependencies.
func (r *runner) install(ctx context.Context, deps []host.Dependency) error {
	return host.Installer{Console: r.console, Environ: os.Environ(), Probe: probe}.Setup(ctx, deps)
}

// probe reports whether an engine answers: nil if one does.
func probe(ctx context.Context) error {
	e, err := engine.Connect(ctx, os.Getenv, registry.New(os.Getenv, ""))
	if err == nil {
		e.Close()
	}
	return err
}

// all runs commands in order, on this process's output, until one fails.
func (r *runner) all(ctx context.Context, commands ...[]string) error {
	for _, argv := range commands {
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		err := r.run(ctx, cmd)
		var exit *exec.ExitError
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &exit):
			return fault.New(fault.Failed, "", "%s: %w", shellescape.QuoteCommand(argv), err)
		case err != nil:
			return fault.Wrap(fault.Environment, err)
		}
	}
	return nil
}

// endDelay is how long an interrupted command may take to end.
const endDelay = 2 * time.Second

// run runs a command. When ctx ends, so do the command and all that it started, on this
// machine and in the engine.
func (r *runner) run(ctx context.Context, cmd *exec.Cmd) error {
	startGroup(cmd)
	cmd.WaitDelay = endDelay
	err := cmd.Run()
	if ctx.Err() == nil {
		return err
	}
	killGroup(cmd)
	if r.engine != nil {
		r.engine.Sweep(context.WithoutCancel(ctx)) // what cannot be removed now is removed by the next run
	}
	return ctx.Err()
}
