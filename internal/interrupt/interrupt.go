// Package interrupt ends a run on SIGINT and SIGTERM, and gives it the exit code that
// shells expect: 128 and the number of the signal. SIGHUP, by which a closed terminal ends
// what runs in it, SIGQUIT, and SIGPIPE of the standard streams, count as SIGTERM.
package interrupt

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// The causes with which a run's context ends.
var (
	errInterrupted = fault.New(fault.Interrupted, "", "interrupted by SIGINT")
	errTerminated  = fault.New(fault.Terminated, "", "terminated by SIGTERM")
	errHungUp      = fault.New(fault.Terminated, "", "terminated by SIGHUP: the terminal was closed")
	errQuit        = fault.New(fault.Terminated, "", "terminated by SIGQUIT")
	errUnread      = fault.New(fault.Terminated, "", "terminated by SIGPIPE: what read the output has ended")
	errTimedOut    = fault.New(fault.Environment, "", "timed out: the time limit (mage -t) is nearly over")
	errOrphaned    = fault.New(fault.Terminated, "", "terminated: the mage that started this run has ended")
)

// cleanupTime is how long work may take to remove what it started.
const cleanupTime = 5 * time.Second

// Run calls work with a context that ends on SIGINT, on SIGTERM, when nobody reads standard
// output or standard error any more, when the mage that started this process ends, and with
// ctx, or before its deadline. Work must return within five seconds after that, when it has
// removed what it started: Mage waits no longer.
//
// The error is that of work. Where a signal ended the run, it has the class
// fault.Interrupted or fault.Terminated, by the signal that came first. Signals that
// follow are ignored; Mage itself exits on a second SIGINT. Where work succeeds in
// spite of a signal, the error is nil.
func Run(ctx context.Context, work func(context.Context) error) error {
	ctx, stop := beforeDeadline(ctx)
	defer stop()
	run, end := context.WithCancelCause(ctx)
	defer end(nil)
	signals, pipes := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT)
	signal.Notify(pipes, syscall.SIGPIPE)
	if !signal.Ignored(syscall.SIGHUP) { // as by nohup
		signal.Notify(signals, syscall.SIGHUP)
	}
	go watch(run, end, signals, pipes)
	err := work(run)
	cause := context.Cause(run)
	if cause == nil { // else the process is about to exit, and a late signal must not kill it
		signal.Stop(signals)
		signal.Stop(pipes)
	}
	return classify(err, cause)
}

// beforeDeadline returns a context that ends before the deadline of ctx, early enough to
// remove what was started: Mage exits at its deadline without waiting, with exit code 1.
func beforeDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return ctx, func() {}
	}
	early := min(cleanupTime, time.Until(deadline)/4)
	return context.WithDeadlineCause(ctx, deadline.Add(-early), errTimedOut)
}

// causeOf returns the cause with which a signal ends a run.
func causeOf(s os.Signal) error {
	switch s {
	case syscall.SIGINT:
		return errInterrupted
	case syscall.SIGHUP:
		return errHungUp
	case syscall.SIGQUIT:
		return errQuit
	}
	return errTerminated
}

// watch ends a run on the first signal, and without the mage that started it. A SIGPIPE may
// be that of a connection, which is no reason to end.
func watch(run context.Context, end context.CancelCauseFunc, signals, pipes <-chan os.Signal) {
	orphaned := parentEnded(run)
	for run.Err() == nil {
		select {
		case s := <-signals:
			end(causeOf(s))
		case <-pipes:
			if unread() {
				end(errUnread)
			}
		case <-orphaned:
			end(errOrphaned)
		case <-run.Done():
		}
	}
}

// parentEnded returns a channel that is closed when mage, which compiled and started
// this process, has ended: nobody is left then to pass a signal on. A binary that runs
// by itself (mage -compile) has no such parent, and the channel stays open.
func parentEnded(run context.Context) <-chan struct{} {
	ended := make(chan struct{})
	if os.Getenv("MAGEFILE_GOCMD") == "" {
		return ended
	}
	parent := os.Getppid()
	go func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for os.Getppid() == parent {
			select {
			case <-run.Done():
				return
			case <-tick.C:
			}
		}
		close(ended)
	}()
	return ended
}

// classify returns the error of work in a run that ended with a cause, or did not: nil.
// Mage ends its context on SIGINT only, and may do so before the signal is seen here. A request
// that was interrupted has the cause as its error, and needs no fix.
func classify(err, cause error) error {
	switch cause {
	case context.Canceled:
		cause = errInterrupted
	case context.DeadlineExceeded:
		cause = errTimedOut
	}
	var ended *fault.Error
	switch {
	case err == nil || !errors.As(cause, &ended):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, cause):
		return fault.New(ended.Class, "", "%w; what was started has been removed", ended.Err)
	}
	return fault.New(ended.Class, "", "%w: %w", ended.Err, err)
}
