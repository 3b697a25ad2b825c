package toolkit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"al.essio.dev/pkg/shellescape"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/host"
	"github.com/romanatrashyonok/kiln/internal/settings"
)

// Config prints every value that holds, and where it comes from.
func (w *Project) Config(context.Context) error {
	for _, file := range []struct {
		name string
		rows []settings.Row
	}{{SiteFile, w.Site.Rows()}, {KernelFile, w.Kernels.Rows()}} {
		for _, row := range file.rows {
			if err := w.Console.Result(row, fmt.Sprintf("%-28s %-60s %s", row.Key, row.Value, row.Origin)); err != nil {
				return err
			}
		}
	}
	return nil
}

// Clean removes dist/.
func (w *Project) Clean(context.Context) error {
	if err := os.RemoveAll(Dist); err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	w.Console.Logf("removed %s/", Dist)
	return nil
}

// Prune removes all that Kiln made in the engine.
func (w *Project) Prune(ctx context.Context) error {
	e, err := engine.Connect(ctx, os.Getenv, w.registry())
	if err != nil {
		return err
	}
	done, err := e.Prune(ctx)
	return errors.Join(err, w.Console.Result(done,
		fmt.Sprintf("removed %d containers, %d volumes, %d images", done.Containers, done.Volumes, done.Images)))
}

// Test runs the test suite that CI runs; in CI a test that lacks an engine fails.
func (w *Project) Test(ctx context.Context) error {
	return w.test(ctx, "-timeout", "60m") // for the slowest package, which builds kernels
}

// fullTag is the build tag of the tests that take hours.
const fullTag = "full"

// TestFull runs the test suite with the tests that take hours.
func (w *Project) TestFull(ctx context.Context) error {
	return w.test(ctx, "-tags", fullTag, "-timeout", "12h")
}

// test runs the test suite. The bases that tests stand on are made first, since packages
// are tested side by side.
func (w *Project) test(ctx context.Context, flags ...string) error {
	if err := host.Setup(ctx, w.Console, host.Browser(), answers); err != nil {
		w.Console.Logf("tests of pages will be skipped, or fail in CI: %v", err)
	}
	e, err := w.Engine(ctx)
	if err != nil {
		return err
	}
	for _, ref := range []string{"debian:trixie-slim", w.Site.Value.Base} {
		if _, err := base.Get(ctx, e, ref, w.Console); err != nil {
			return err
		}
	}
	return w.commands(ctx,
		slices.Concat([]string{"go", "test"}, flags, []string{"./..."}),
		[]string{"go", "vet", "-tags", "mage", "."},
	)
}

// Lint runs the linters, which are tools of go.mod.
func (w *Project) Lint(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "gofmt", "-l", ".").Output()
	if err != nil {
		return fault.Wrap(fault.Environment, fmt.Errorf("run gofmt: %w", err))
	}
	if len(out) > 0 {
		return fault.New(fault.Failed, "gofmt -w .", "gofmt would change:\n%s", strings.TrimSpace(string(out)))
	}
	return w.commands(ctx,
		[]string{"go", "vet", "-tags", fullTag, "./..."},
		[]string{"go", "vet", "-tags", "mage", "."},
		[]string{"go", "tool", "staticcheck", "-tags", fullTag, "./..."},
		[]string{"go", "tool", "staticcheck", "-tags", "mage", "."},
	)
}

// commands runs commands in order, on this process's output, until one fails.
func (w *Project) commands(ctx context.Context, list ...[]string) error {
	for _, argv := range list {
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		err := w.runCommand(ctx, cmd)
		var exit *exec.ExitError
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &exit):
			return fault.New(fault.Failed, "", "%s: %w", shellescape.QuoteCommand(argv), err)
		case err != nil:
			return fault.Wrap(fault.Environment, err)
		}
	}
	return nil
}

// endDelay is how long a command may take to end that was told to.
const endDelay = 2 * time.Second

// runCommand runs a command. When ctx ends, so do it and all that it started, in this
// machine and in the engine.
func (w *Project) runCommand(ctx context.Context, cmd *exec.Cmd) error {
	inGroup(cmd)
	cmd.WaitDelay = endDelay
	err := cmd.Run()
	if ctx.Err() == nil {
		return err
	}
	endGroup(cmd)
	if w.engine != nil {
		w.engine.Sweep(context.WithoutCancel(ctx)) // what cannot be removed now is by the next run
	}
	return ctx.Err()
}
