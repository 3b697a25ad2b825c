package executor

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// Session is a container in which a kernel's configuration has been made.
type Session struct{ run *run }

// Configure makes a kernel's configuration in a container and passes that to use; the
// container is removed when use returns. Nothing is compiled. A failed step is a *Failure.
// Lost options are not an error here: see Configuration.Err.
func (e *Executor) Configure(ctx context.Context, t Task, ev Events, use func(*Session) error) error {
	r, err := e.newRun(ctx, t, ev)
	if err != nil {
		return err
	}
	if err := r.open(ctx); err != nil {
		return err
	}
	defer r.ctr.Remove()
	if err := r.finish(ctx, r.makeConfig(ctx)); err != nil {
		r.reportFailure(err)
		return err
	}
	return use(&Session{r})
}

// Configuration returns what became of each asked option.
func (s *Session) Configuration() Configuration { return s.run.configuration() }

// Folder returns the name of the kernel's folder in dist/kernels: NAME-VERSION-ARCH.
func (s *Session) Folder() string { return s.run.task.Plan.Folder() }

// Output runs a command as the build's user, in its environment, and returns what it
// printed to standard output. An exit code other than 0 is an *engine.ExitError.
func (s *Session) Output(ctx context.Context, argv ...string) (string, error) {
	return s.run.ctr.Output(ctx, engine.Command{Argv: argv, User: plan.BuildUser, Env: s.run.env()})
}

// Interact runs a command in the output tree on a terminal. An exit code other than 0 is
// an *engine.ExitError.
func (s *Session) Interact(ctx context.Context, in *os.File, out io.Writer, argv ...string) error {
	return s.run.interact(ctx, in, out, argv...)
}

// Edited calls change and returns the lines that lead from the configuration before it to
// the one after it: the difference between the two as savedefconfig writes them, which
// omits every option that follows from others.
func (s *Session) Edited(ctx context.Context, change func() error) ([]string, error) {
	before, err := s.minimal(ctx)
	if err != nil {
		return nil, err
	}
	if err := change(); err != nil {
		return nil, err
	}
	after, err := s.minimal(ctx)
	if err != nil {
		return nil, err
	}
	text, err := s.Output(ctx, "cat", plan.ConfigFile)
	if err != nil {
		return nil, err
	}
	final, _ := kconfig.Parse(".config", text)
	return kconfig.Difference(before, after, kconfig.Values(final)), nil
}

// minimal returns the current configuration without the options that follow from others.
func (s *Session) minimal(ctx context.Context) ([]kconfig.Option, error) {
	if _, err := s.Output(ctx, plan.Make(s.run.task.Spec, "savedefconfig")...); err != nil {
		return nil, err
	}
	text, err := s.Output(ctx, "cat", plan.OutputDir+"/defconfig")
	if err != nil {
		return nil, err
	}
	options, faults := kconfig.Parse("defconfig", text)
	return options, errors.Join(faults...)
}
