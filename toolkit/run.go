package toolkit

import (
	"context"
	"errors"

	"github.com/romanatrashyonok/kiln/internal/interrupt"
)

// Run opens a project, does work with it and closes it: what a Mage target consists of. The
// context of work ends with ctx, or up to five seconds before its deadline, on SIGINT and
// SIGTERM, and when the mage that started this process ends; work must return within five
// seconds after that.
//
// The error has secrets redacted, and a method ExitStatus that returns the exit code of the
// process, by which Mage exits: that of ExitCode, or 130 or 143 where a signal ended the run.
func Run(ctx context.Context, o Options, work func(context.Context, *Project) error) error {
	o = o.filled()
	err := interrupt.Run(ctx, func(ctx context.Context) error {
		p, err := Open(o)
		if err != nil {
			return err
		}
		return errors.Join(work(ctx, p), p.Close())
	})
	if err == nil {
		return nil
	}
	return &exitError{code: ExitCode(err), text: newConsole(o).Redact(err.Error())}
}

// exitError is an error with the exit code of the process.
type exitError struct {
	code int
	text string
}

func (e *exitError) Error() string { return e.text }

// ExitStatus returns the exit code.
func (e *exitError) ExitStatus() int { return e.code }
