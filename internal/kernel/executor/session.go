package executor

import (
	"context"
	"errors"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// Session is a container in which a runner has prepared the folders of a plan, or made its
// configuration, and waits: for commands beside it.
type Session struct{ build *build }

// Configure makes a kernel's configuration in a container and passes that to use; the
// container is removed when use returns. Nothing is compiled. A failed step is a *Failure.
// Lost options are not an error here: see kconfig.Configuration.Err.
func (e *Executor) Configure(ctx context.Context, t Task, ev Events, use func(*Session) error) error {
	return e.beside(ctx, t, runner.Configured, ev, use)
}

// beside has a runner stop at a point, calls use, and ends the runner.
func (e *Executor) beside(ctx context.Context, t Task, until string, ev Events, use func(*Session) error) error {
	b, err := e.open(ctx, t, until, ev)
	if err != nil {
		return err
	}
	defer b.ctr.Remove()
	var complaints strings.Builder
	running, err := b.ctr.Start(ctx, report.EachLine(b.seen.line), &complaints)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- running.Wait(ctx) }()
	select {
	case <-b.seen.ready:
	case err := <-ended: // without a last event
		return b.verdict(ctx, err, complaints.String())
	}
	if b.seen.failed != nil {
		<-ended
		err := b.seen.failure()
		b.report(err)
		return err
	}
	err = use(&Session{b})
	if ctx.Err() != nil {
		return err
	}
	closed := errors.Join(running.Close(), <-ended) // the runner notes that nothing works in the output any more
	if err != nil {
		return err
	}
	return closed
}

// Configuration returns what became of each asked option.
func (s *Session) Configuration() kconfig.Configuration { return s.build.seen.configuration }

// Key returns the second key of the result that the plan will have, see plan.Plan.Key.
func (s *Session) Key() string { return s.build.seen.done.Key }

// Folder returns the name of the kernel's folder in dist/kernels: NAME-VERSION-ARCH.
func (s *Session) Folder() string { return s.build.task.Plan.Folder() }

// Make returns a call of the kernel's make with a target, as the plan has it.
func (s *Session) Make(target string) []string {
	return append(slices.Clone(s.build.task.Plan.Make), target)
}

// Output runs a command as the build's user, in its environment, and returns what it
// printed to standard output. An exit code other than 0 is an *engine.ExitError.
func (s *Session) Output(ctx context.Context, argv ...string) (string, error) {
	return s.build.ctr.Output(ctx, engine.Command{Argv: argv, User: s.build.task.Plan.User, Env: s.build.seen.done.Env})
}

// Interact runs a command in the output tree on a terminal, as the build's user. An exit code
// other than 0 is an *engine.ExitError.
func (s *Session) Interact(ctx context.Context, in *os.File, out io.Writer, argv ...string) error {
	b := s.build
	env := append(slices.Clone(b.seen.done.Env), "TERM="+s.terminal(ctx))
	return b.ctr.Interact(ctx, engine.Command{Argv: argv, User: b.task.Plan.User, Dir: b.task.Plan.Dir(plan.OutputRole), Env: env}, in, out)
}

// commonTerminal is the type of terminal that most others imitate.
const commonTerminal = "xterm-256color"

// terminal returns the type of the terminal, if the image has a description of it, else the
// common one.
func (s *Session) terminal(ctx context.Context) string {
	asked := s.build.exec.Term
	_, err := s.build.ctr.Output(ctx, engine.Command{Argv: []string{"infocmp", asked}})
	var unknown *engine.ExitError
	if asked != "" && !errors.As(err, &unknown) {
		return asked
	}
	s.build.seen.logf("the toolchain image has no description of terminal %q: using %s", asked, commonTerminal)
	return commonTerminal
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
	text, err := s.Output(ctx, "cat", path.Join(s.build.task.Plan.Dir(plan.OutputRole), ".config"))
	if err != nil {
		return nil, err
	}
	final, _ := kconfig.Parse(".config", text)
	return kconfig.Difference(before, after, kconfig.Values(final)), nil
}

// minimal returns the current configuration without the options that follow from others.
func (s *Session) minimal(ctx context.Context) ([]kconfig.Option, error) {
	if _, err := s.Output(ctx, s.Make("savedefconfig")...); err != nil {
		return nil, err
	}
	text, err := s.Output(ctx, "cat", path.Join(s.build.task.Plan.Dir(plan.OutputRole), "defconfig"))
	if err != nil {
		return nil, err
	}
	options, faults := kconfig.Parse("defconfig", text)
	return options, errors.Join(faults...)
}
