package kernel

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
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
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

// Menuconfig opens the kernel's own menuconfig on this terminal, and writes the
// least that gives the edited configuration into the last fragment of the kernel.
func (w *Builder) Menuconfig(ctx context.Context, s Spec, dir string) (Edit, error) {
	if !term.IsTerminal(int(os.Stdin.Fd())) || !term.IsTerminal(int(os.Stdout.Fd())) {
		return Edit{}, fault.New(fault.Usage, "run it in a terminal, or edit the fragment and check it with: go tool mage kernel:config", "menuconfig: this is no terminal")
	}
	return w.edit(ctx, s, dir, func(j *run) error {
		err := j.ctr.Interact(ctx, engine.Command{
			Argv: j.candidate.spec.make("menuconfig"), User: builder, Dir: outputDir, Env: append(j.env(), "TERM="+os.Getenv("TERM")),
		}, os.Stdin, os.Stdout)
		var exit *engine.ExitError
		if errors.As(err, &exit) {
			return fault.New(fault.Failed, "make the terminal at least 80 columns by 19 lines", "menuconfig: %w", exit)
		}
		return err
	})
}

// edit has change done to a kernel's configuration, and writes it back.
func (w *Builder) edit(ctx context.Context, s Spec, dir string, change func(*run) error) (Edit, error) {
	return firstSource(ctx, w, s, func(r candidate) (e Edit, err error) {
		err = w.configured(ctx, r, func(j *run) error {
			lines, err := j.changed(ctx, change)
			if err != nil {
				return err
			}
			e = Edit{Kernel: r.plan.Folder(), Options: lines}
			e.File, e.Unnamed = fragmentOf(s, dir)
			return writeFragment(e.File, lines)
		})
		return e, err
	})
}

// changed gives the lines that lead from the configuration before the change to the
// one after it. They are the difference of the two as savedefconfig writes them:
// that leaves out all that follows from the rest.
func (j *run) changed(ctx context.Context, change func(*run) error) ([]string, error) {
	before, err := j.least(ctx)
	if err != nil {
		return nil, err
	}
	if err := change(j); err != nil {
		return nil, err
	}
	after, err := j.least(ctx)
	if err != nil {
		return nil, err
	}
	text, err := j.ctr.Output(ctx, engine.Command{Argv: []string{"cat", outputDir + "/.config"}})
	if err != nil {
		return nil, err
	}
	final, _ := kconfig.Parse(".config", text)
	return kconfig.Difference(before, after, kconfig.Values(final)), nil
}

// least gives the present configuration without what follows from the rest of it.
func (j *run) least(ctx context.Context) ([]kconfig.Option, error) {
	if _, err := j.ctr.Output(ctx, engine.Command{Argv: j.candidate.spec.make("savedefconfig"), User: builder, Env: j.env()}); err != nil {
		return nil, err
	}
	text, err := j.ctr.Output(ctx, engine.Command{Argv: []string{"cat", outputDir + "/defconfig"}})
	if err != nil {
		return nil, err
	}
	options, faults := kconfig.Parse("defconfig", text)
	return options, errors.Join(faults...)
}

// fragmentOf gives the file that an edit is written to: the last fragment that the
// kernel's table names, else one of the kernel's own, which is to be named there.
func fragmentOf(s Spec, dir string) (file string, unnamed bool) {
	for _, item := range slices.Backward(s.Config) {
		if item.Target == "" && item.Fragment != inline {
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
