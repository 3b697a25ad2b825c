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

// Edit is a change to a kernel's configuration, saved in a fragment.
type Edit struct {
	Kernel  string   `json:"kernel"`
	File    string   `json:"file"`    // path of the fragment
	Options []string `json:"options"` // the changed or added lines
	Unnamed bool     `json:"unnamed"` // the kernel's config in kernels.toml does not list the file yet
}

// String returns what was written to which file.
func (e Edit) String() string {
	if len(e.Options) == 0 {
		return e.Kernel + ": no changes"
	}
	text := fmt.Sprintf("%s: saved in %s:\n  %s", e.Kernel, e.File, strings.Join(e.Options, "\n  "))
	if e.Unnamed {
		text += fmt.Sprintf("\nadd the file to the kernel's config in kernels.toml: config/%s", filepath.Base(e.File))
	}
	return text
}

// Menuconfig opens the kernel's own menuconfig on the terminal in and out, and saves the
// fewest options that lead to the edited configuration in the kernel's last fragment. dir
// is the folder of kernels.toml. Without a terminal it returns an error of class
// fault.Usage, as in a window that is too small, of class fault.Interrupted after Ctrl-C, and
// of class fault.Failed where menuconfig itself fails.
func (b *Builder) Menuconfig(ctx context.Context, s spec.Spec, dir string, in, out *os.File) (Edit, error) {
	if !term.IsTerminal(int(in.Fd())) || !term.IsTerminal(int(out.Fd())) {
		return Edit{}, fault.New(fault.Usage, "run it in a terminal, or edit the fragment and run kernel:config", "open menuconfig: standard input or output is not a terminal")
	}
	if width, height, err := term.GetSize(int(out.Fd())); err == nil && (width < leastWidth || height < leastHeight) {
		return Edit{}, fault.New(fault.Usage, "make the window larger", "open menuconfig: it needs at least %d columns and %d lines, the terminal has %d and %d", leastWidth, leastHeight, width, height)
	}
	return b.edit(ctx, s, dir, func(session *executor.Session) error {
		err := session.Interact(ctx, in, out, session.Make("menuconfig")...)
		var exit *engine.ExitError
		switch {
		case !errors.As(err, &exit):
			return err
		case exit.Code == interruptedCode:
			return fault.New(fault.Interrupted, "", "menuconfig was interrupted: nothing is saved")
		}
		return fault.New(fault.Failed, "see what it printed above; edit the fragment and run kernel:config where it cannot run in this terminal", "run menuconfig: %w", exit)
	})
}

// The least window of menuconfig (init_dialog in the kernel's scripts/kconfig/lxdialog/util.c).
const leastWidth, leastHeight = 80, 19

// interruptedCode is the exit code of a program that SIGINT ended.
const interruptedCode = 128 + 2

// edit has change modify a kernel's configuration and saves the difference in a fragment.
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

// fragmentOf returns the file that an edit is saved in: the last fragment that the
// kernel's table lists, else config/NAME.config, which the table does not list yet. A file of
// somewhere else, named by its whole path, and one that is compressed are not changed.
func fragmentOf(s spec.Spec, dir string) (file string, unnamed bool) {
	for _, item := range slices.Backward(s.Config) {
		if item.Target == "" && item.Fragment != plan.Inline {
			file := filepath.Join(dir, item.Fragment)
			text, err := os.ReadFile(file)
			if err == nil && item.Local == file && kconfig.Normalize(string(text)) == item.Text {
				return file, false
			}
			break
		}
	}
	return filepath.Join(dir, "config", s.Name+".config"), true
}

// writeFragment replaces the lines of the same options in a fragment, appends the others
// and leaves the rest unchanged. It creates the file where there is none.
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
