//go:build unix

package interrupt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// untilEnd waits for the end of a run and returns the context's error.
func untilEnd(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return fmt.Errorf("build: %w", ctx.Err())
	case <-time.After(5 * time.Second):
		return errors.New("the context did not end")
	}
}

// send sends this process a signal and waits for the end of the run.
func send(signals ...syscall.Signal) func(context.Context) error {
	return func(ctx context.Context) error {
		for _, s := range signals {
			syscall.Kill(os.Getpid(), s)
			untilEnd(ctx)
		}
		return untilEnd(ctx)
	}
}

func TestRun(t *testing.T) {
	mage, cancel := context.WithCancel(t.Context())
	past, stop := context.WithTimeout(t.Context(), -time.Second)
	defer stop()
	for _, tc := range []struct {
		name string
		ctx  context.Context
		work func(context.Context) error
		code int
		text string
	}{
		{"SIGINT", t.Context(), send(syscall.SIGINT), 130, "interrupted by SIGINT; what was started has been removed"},
		{"SIGTERM", t.Context(), send(syscall.SIGTERM), 143, "terminated by SIGTERM; what was started has been removed"},
		{"SIGHUP", t.Context(), send(syscall.SIGHUP), 143, "terminated by SIGHUP: the terminal was closed; what was started has been removed"},
		{"SIGQUIT", t.Context(), send(syscall.SIGQUIT), 143, "terminated by SIGQUIT; what was started has been removed"},
		{"SIGPIPE of a connection", t.Context(), func(ctx context.Context) error {
			syscall.Kill(os.Getpid(), syscall.SIGPIPE)
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(200 * time.Millisecond):
				return nil
			}
		}, 0, ""},
		{"SIGINT, passed on as SIGTERM", t.Context(), send(syscall.SIGINT, syscall.SIGTERM, syscall.SIGTERM), 130, "interrupted by SIGINT; what was started has been removed"},
		{"Mage cancels", mage, func(ctx context.Context) error { cancel(); return untilEnd(ctx) }, 130, "interrupted by SIGINT; what was started has been removed"},
		{"a different error", t.Context(), func(ctx context.Context) error {
			send(syscall.SIGTERM)(ctx)
			return fault.New(fault.Environment, "", "no engine")
		}, 143, "terminated by SIGTERM: no engine"},
		{"a request that was interrupted", t.Context(), func(ctx context.Context) error {
			send(syscall.SIGINT)(ctx)
			return fault.New(fault.Environment, "start the engine", "start a container: %w", context.Cause(ctx))
		}, 130, "interrupted by SIGINT; what was started has been removed"},
		{"success in spite of a signal", t.Context(), func(ctx context.Context) error { send(syscall.SIGTERM)(ctx); return nil }, 0, ""},
		{"deadline in the past", past, untilEnd, int(fault.Environment), "timed out: the time limit (mage -t) is nearly over; what was started has been removed"},
		{"no signal", t.Context(), func(context.Context) error { return fault.New(fault.Usage, "", "no") }, int(fault.Usage), "no"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.name == "SIGHUP" && signal.Ignored(syscall.SIGHUP) {
				t.Skip("SKIPPED: SIGHUP is ignored here, as under nohup")
			}
			err := Run(tc.ctx, tc.work)
			text := ""
			if err != nil {
				text = err.Error()
			}
			if fault.Code(err) != tc.code || text != tc.text {
				t.Errorf("exit code %d, %q; want %d, %q", fault.Code(err), text, tc.code, tc.text)
			}
		})
	}
}

// TestRunEndsBeforeTheDeadline requires that work has time to clean up before its context's
// own deadline, at which Mage exits.
func TestRunEndsBeforeTheDeadline(t *testing.T) {
	deadline, stop := context.WithTimeout(t.Context(), 4*time.Second)
	defer stop()
	err := Run(deadline, func(ctx context.Context) error {
		err := untilEnd(ctx)
		if deadline.Err() != nil {
			return errors.New("no time is left to clean up")
		}
		return err
	})
	const want = "timed out: the time limit (mage -t) is nearly over; what was started has been removed"
	if fault.Code(err) != int(fault.Environment) || err.Error() != want {
		t.Errorf("%v; want %q", err, want)
	}
}

// TestParentEnds has a shell start this test in the background, as mage starts a
// magefile, and end once the run has begun.
func TestParentEnds(t *testing.T) {
	if begun := os.Getenv("KILN_TEST_BEGUN"); begun != "" {
		err := Run(context.Background(), func(ctx context.Context) error {
			time.Sleep(time.Second / 2)
			os.WriteFile(begun, nil, 0o600)
			return untilEnd(ctx)
		})
		fmt.Println("exit code", fault.Code(err))
		os.Exit(0)
	}
	begun := filepath.Join(t.TempDir(), "begun")
	cmd := exec.Command("sh", "-c", `"$0" -test.run=TestParentEnds & until [ -e "$1" ]; do sleep 0.05; done`, os.Args[0], begun)
	cmd.Env = append(os.Environ(), "MAGEFILE_GOCMD=go", "KILN_TEST_BEGUN="+begun)
	out, err := cmd.Output()
	if err != nil || string(out) != "exit code 143\n" {
		t.Errorf("%q, %v", out, err)
	}
}
