package toolkit

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Run opens a project, does work with it and closes it: what a Mage target consists of.
// The context of the work ends with ctx, on SIGTERM, and when the mage that started this
// process dies. The error has secrets redacted, and a method ExitStatus that returns the
// process's exit code, which Mage exits with.
func Run(ctx context.Context, o Options, work func(context.Context, *Project) error) error {
	o = o.filled()
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if o.getenv("MAGEFILE_GOCMD") != "" { // mage compiled and started this process
		go watchParent(ctx, cancel)
	}
	p, err := Open(o)
	if err == nil {
		err = errors.Join(work(ctx, p), p.Close())
	}
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) {
		err = errInterrupted
	}
	return &exitError{code: ExitCode(err), text: newConsole(o).Redact(err.Error())}
}

var errInterrupted = errors.New("interrupted: everything that was started has been removed")

// exitError is an error with the exit code of the process.
type exitError struct {
	code int
	text string
}

func (e *exitError) Error() string { return e.text }

// ExitStatus returns the exit code.
func (e *exitError) ExitStatus() int { return e.code }

// watchParent cancels the work when the parent of this process dies: nobody would be left to
// stop it.
func watchParent(ctx context.Context, cancel context.CancelFunc) {
	parent := os.Getppid()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if os.Getppid() != parent {
				cancel()
				return
			}
		}
	}
}
