package executor

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// Shell opens an interactive shell in the task's build container, with the build's image,
// mounts, environment and user, connected to the terminal in and to out. Changes to the
// output tree are kept. The exit code of the shell is not an error.
func (e *Executor) Shell(ctx context.Context, t Task, ev Events, in *os.File, out io.Writer) error {
	r, err := e.newRun(ctx, t, ev)
	if err != nil {
		return err
	}
	if err := r.open(ctx); err != nil {
		return err
	}
	defer r.ctr.Remove()
	prepare := t.Plan.Steps[0]
	if _, err := r.ctr.Output(ctx, engine.Command{Argv: prepare.Argv, User: rootUser}); err != nil {
		return err
	}
	ev.Logf("kernel %s: source at %s (read-only), output at %s; leave with exit", t.Plan.Folder(), plan.SourceDir, plan.OutputDir)
	defer r.markClosed(ctx)
	err = r.interact(ctx, in, out, "bash")
	var exit *engine.ExitError
	if errors.As(err, &exit) { // the exit code of the last command typed
		return nil
	}
	return err
}

// interact runs a command in the output tree, as the build's user, on a terminal. An exit
// code other than 0 is an *engine.ExitError.
func (r *run) interact(ctx context.Context, in *os.File, out io.Writer, argv ...string) error {
	env := append(r.env(), "TERM="+r.terminal(ctx))
	return r.ctr.Interact(ctx, engine.Command{Argv: argv, User: plan.BuildUser, Dir: plan.OutputDir, Env: env}, in, out)
}

// commonTerminal is the type of terminal that most others imitate.
const commonTerminal = "xterm-256color"

// terminal returns the type of the terminal, if the image has a description of it, else the
// common one.
func (r *run) terminal(ctx context.Context) string {
	_, err := r.ctr.Output(ctx, engine.Command{Argv: []string{"infocmp", r.exec.Term}})
	var unknown *engine.ExitError
	if r.exec.Term != "" && !errors.As(err, &unknown) {
		return r.exec.Term
	}
	r.events.Logf("kernel %s: the toolchain image has no description of terminal %q: using %s", r.task.Plan.Folder(), r.exec.Term, commonTerminal)
	return commonTerminal
}

// markClosed records that nothing works in the output tree any more. Changes made by hand
// are not an interrupted build.
func (r *run) markClosed(ctx context.Context) {
	last, err := r.readState(ctx)
	if err != nil {
		return
	}
	last.Open = false
	if err := r.writeState(ctx, last); err != nil {
		r.events.Logf("kernel %s: the output stays marked as in use: %v", r.task.Plan.Folder(), err)
	}
}
