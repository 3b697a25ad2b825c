package toolkit

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// Work is what a target does: a method of Workshop.
type Work func(*Project, context.Context) error

// Run does the work of a target and gives the process's exit code with the text
// of what went wrong, secrets blotted out. The work's context ends on SIGTERM and
// when the mage that started this process dies, besides on what ended ctx before.
func Run(ctx context.Context, work Work) (code int, text string) {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go watchParent(ctx, cancel)
	w, err := Open()
	if err == nil {
		err = w.carryOut(ctx, work)
	}
	if err == nil {
		return 0, ""
	}
	if errors.Is(err, context.Canceled) {
		return int(fault.Failed), "interrupted: what was started has been removed"
	}
	return fault.Code(err), newConsole().Redact(err.Error())
}

// carryOut does the work with a folder for what is laid down on the way, and closes what
// it opened. Where there can be none, the machine's serves.
func (w *Project) carryOut(ctx context.Context, work Work) error {
	if done, err := scratch(); err == nil {
		defer done()
	}
	return errors.Join(work(w, ctx), w.close())
}

// watchParent cancels the work when mage, which compiled and started this
// process, is no more: nobody would be left to tell it to end. A binary that was
// compiled to be run by itself (mage -compile) has no such parent.
func watchParent(ctx context.Context, cancel context.CancelFunc) {
	if os.Getenv("MAGEFILE_GOCMD") == "" {
		return
	}
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
