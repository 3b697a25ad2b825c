package kernel

import (
	"context"
	"errors"
	"os"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
)

// Shell opens a shell where the build of a kernel runs: the same image, mounts,
// environment and user. What is done in the output tree stays there.
func (w *Builder) Shell(ctx context.Context, s Spec) error {
	_, err := firstSource(ctx, w, s, func(r candidate) (struct{}, error) {
		tree, err := w.fetch(ctx, r)
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, w.shell(ctx, r, tree)
	})
	return err
}

func (w *Builder) shell(ctx context.Context, r candidate, tree source.Tree) error {
	j, err := w.newRun(ctx, r, tree)
	if err != nil {
		return err
	}
	unlock, _, err := w.acquireOutput(ctx, r.plan)
	if err != nil {
		return err
	}
	defer unlock()
	if err := j.open(ctx); err != nil {
		return err
	}
	defer j.ctr.Remove()
	prepare := r.plan.Steps[0]
	if _, err := j.ctr.Output(ctx, engine.Command{Argv: prepare.Argv, User: "0:0"}); err != nil {
		return err
	}
	w.Console.Logf("kernel %s: source at %s (read-only), output at %s; leave with exit", r.plan.Folder(), sourceDir, outputDir)
	defer j.leaveShell(ctx)
	err = j.ctr.Interact(ctx, engine.Command{Argv: []string{"bash"}, User: builder, Dir: outputDir, Env: j.env()}, os.Stdin, os.Stdout)
	var exit *engine.ExitError
	if errors.As(err, &exit) { // the code of the last command typed is nobody's error
		return nil
	}
	return err
}

// leaveShell notes that nobody is at work in the output any more. What is done by hand
// there is not a build that was broken off.
func (j *run) leaveShell(ctx context.Context) {
	last, err := j.lastState(ctx)
	if err != nil {
		return
	}
	last.Open = false
	if err := j.putState(ctx, last); err != nil {
		j.builder.Console.Logf("kernel %s: the output keeps the note that it is in use: %v", j.candidate.plan.Folder(), err)
	}
}
