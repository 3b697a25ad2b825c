package executor

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner"
)

// Shell opens an interactive shell in the task's build container, with the build's image,
// mounts, environment and user, connected to the terminal in and to out. Changes to the
// output tree are kept. The exit code of the shell is not an error.
func (e *Executor) Shell(ctx context.Context, t Task, ev Events, in *os.File, out io.Writer) error {
	return e.beside(ctx, t, runner.Opened, ev, func(s *Session) error {
		s.build.seen.logf("source at %s (read-only), output at %s; leave with exit", t.Plan.Dir(plan.SourceRole), t.Plan.Dir(plan.OutputRole))
		err := s.Interact(ctx, in, out, "bash")
		var exit *engine.ExitError
		if errors.As(err, &exit) { // the exit code of the last command typed
			return nil
		}
		return err
	})
}
