package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/site/suite"
)

// Target returns the container as the suite sees it.
func (s Server) Target() suite.Target { return target{s.Container} }

// target is a container as the suite sees it.
type target struct{ *engine.Container }

// Output runs a program in the container.
func (t target) Output(ctx context.Context, argv ...string) (string, error) {
	out, err := t.Container.Output(ctx, engine.Command{Argv: argv})
	var exit *engine.ExitError
	if errors.As(err, &exit) && exit.Reason != "" {
		return out, fmt.Errorf("%w: %s", suite.ErrNoTool, exit.Reason)
	}
	return out, err
}

// lacking is how a shell, or the engine, reports a program that is not there.
var lacking = regexp.MustCompile(`(?m)(?:^|: )([\w./+-]+): (?:command )?not found$|exec: "([^"]+)": (?:executable file not found|stat [^:]+: no such file)`)

// CheckHealth runs the image's health check once.
func (t target) CheckHealth(ctx context.Context) error {
	err := t.Container.CheckHealth(ctx)
	if errors.Is(err, engine.ErrNoHealthCheck) {
		return suite.ErrNoHealthCheck
	}
	if err == nil {
		return nil
	}
	if m := lacking.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Errorf("%w: %s", suite.ErrNoTool, cmp.Or(m[1], m[2]))
	}
	return err
}

// List returns the entries below a folder of the container.
func (t target) List(ctx context.Context, folder string) ([]suite.Entry, error) {
	list, err := t.Container.List(ctx, folder)
	entries := make([]suite.Entry, len(list))
	for i, f := range list {
		entries[i] = suite.Entry(f)
	}
	return entries, err
}

// Processes lists the processes of the container.
func (t target) Processes(ctx context.Context) ([]suite.Process, error) {
	list, err := t.Container.Processes(ctx)
	processes := make([]suite.Process, len(list))
	for i, p := range list {
		processes[i] = suite.Process(p)
	}
	return processes, err
}
