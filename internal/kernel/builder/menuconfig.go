package builder

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"
	"golang.org/x/term"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/executor"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// Edit is a change to a kernel's configuration that was written back.
type Edit struct {
	Kernel  string   `json:"kernel"`
	File    string   `json:"file"`    // the fragment that it was written to
	Options []string `json:"options"` // the lines that were changed or added
	Unnamed bool     `json:"unnamed"` // the kernel's config does not name the file yet
}

// String tells what was written where.
func (e Edit) String() string {
	if len(e.Options) == 0 {
		return e.Kernel + ": nothing was changed"
	}
	text := fmt.Sprintf("%s: written to %s:\n  %s", e.Kernel, e.File, strings.Join(e.Options, "\n  "))
	if e.Unnamed {
		text += fmt.Sprintf("\nadd the file to the kernel's config in kernels.toml: config/%s", filepath.Base(e.File))
	}
	return text
}

// Configure makes a kernel's configuration, as a build does, and judges it. Nothing is
// compiled. Lost options are in the result and are no error here: see Configuration.Err.
func (b *Builder) Configure(ctx context.Context, s spec.Spec) (c executor.Configuration, err error) {
	err = b.withConfig(ctx, s, func(session *executor.Session) error {
		c = session.Configuration()
		return nil
	})
	return c, err
}

// Menuconfig opens the kernel's own menuconfig on a terminal, and writes the fewest
// options that lead to the edited configuration into the kernel's last fragment in dir.
func (b *Builder) Menuconfig(ctx context.Context, s spec.Spec, dir string, in, out *os.File) (Edit, error) {
	if !term.IsTerminal(int(in.Fd())) || !term.IsTerminal(int(out.Fd())) {
		return Edit{}, fault.New(fault.Usage, "run it in a terminal, or edit the fragment and look at kernel:config", "menuconfig: this is no terminal")
	}
	return b.edit(ctx, s, dir, func(session *executor.Session) error {
		err := session.Interact(ctx, in, out, plan.Make(s, "menuconfig")...)
		var exit *engine.ExitError
		if errors.As(err, &exit) {
			return fault.New(fault.Failed, "make the window at least 80 by 19", "menuconfig: %w", exit)
		}
		return err
	})
}

// edit changes a kernel's configuration and writes the difference back.
func (b *Builder) edit(ctx context.Context, s spec.Spec, dir string, change func(*executor.Session) error) (e Edit, err error) {
	err = b.withConfig(ctx, s, func(session *executor.Session) error {
		lines, err := session.Edited(ctx, func() error { return change(session) })
		if err != nil {
			return err
		}
		e = Edit{Kernel: session.Folder(), Options: lines}
		e.File, e.Unnamed = fragmentOf(s, dir)
		return writeFragment(e.File, lines)
	})
	return e, err
}

// withConfig makes the configuration of a kernel in a container and hands that to use. A
// build of the same kernel that is under way is not disturbed.
func (b *Builder) withConfig(ctx context.Context, s spec.Spec, use func(*executor.Session) error) error {
	return b.withOutput(ctx, s, "-config", func(t executor.Task) error {
		return b.Local.Configure(ctx, t, b.Console, use)
	})
}

// Shell opens a shell where the build of a kernel runs: the same image, mounts,
// environment and user. What is done in the output tree stays there.
func (b *Builder) Shell(ctx context.Context, s spec.Spec, in, out *os.File) error {
	return b.withOutput(ctx, s, "", func(t executor.Task) error {
		return b.Local.Shell(ctx, t, b.Console, in, out)
	})
}

// withOutput fetches a kernel's source and reserves an output for what use does.
func (b *Builder) withOutput(ctx context.Context, s spec.Spec, suffix string, use func(executor.Task) error) error {
	_, err := firstSource(ctx, b, s, b.resolve, func(c candidate) (none struct{}, err error) {
		t := c.task()
		if t.Tree, err = b.fetch(ctx, c); err != nil {
			return none, err
		}
		t.Plan = t.Plan.WithOutputSuffix(suffix)
		release, _, err := b.acquire(ctx, t.Plan)
		if err != nil {
			return none, err
		}
		defer release()
		return none, use(t)
	})
	return err
}

// fragmentOf gives the file that an edit is written to: the last fragment that the
// kernel's table names, else one of the kernel's own, which is to be named there.
func fragmentOf(s spec.Spec, dir string) (file string, unnamed bool) {
	for _, item := range slices.Backward(s.Config) {
		if item.Target == "" && item.Fragment != spec.Inline {
			return filepath.Join(dir, item.Fragment), false
		}
	}
	return filepath.Join(dir, "config", s.Name+".config"), true
}

// writeFragment puts lines into a fragment: in the place of what it says of the
// same options, else at its end. All else in it stays.
func writeFragment(path string, lines []string) error {
	if len(lines) == 0 {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fault.Wrap(fault.Environment, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	return fault.Wrap(fault.Environment, renameio.WriteFile(path, []byte(kconfig.Amend(string(text), lines)), 0o644))
}
