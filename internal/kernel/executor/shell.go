package executor

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// Shell opens a shell where the build of a kernel runs: the same image, mounts,
// environment and user. What is done in the output tree stays there.
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
	if _, err := r.ctr.Output(ctx, engine.Command{Argv: prepare.Argv, User: "0:0"}); err != nil {
		return err
	}
	ev.Logf("kernel %s: source at %s (read-only), output at %s; leave with exit", t.Plan.Folder(), plan.SourceDir, plan.OutputDir)
	defer r.markClosed(ctx)
	err = r.ctr.Interact(ctx, engine.Command{Argv: []string{"bash"}, User: plan.BuildUser, Dir: plan.OutputDir, Env: r.env()}, in, out)
	var exit *engine.ExitError
	if errors.As(err, &exit) { // the exit code of the last command typed is no error
		return nil
	}
	return err
}

// markClosed notes that nobody is at work in the output any more. What is done by hand
// there is not a build that was broken off.
func (r *run) markClosed(ctx context.Context) {
	last, err := r.readState(ctx)
	if err != nil {
		return
	}
	last.Open = false
	if err := r.writeState(ctx, last); err != nil {
		r.events.Logf("kernel %s: the output keeps the note that it is in use: %v", r.task.Plan.Folder(), err)
	}
}
