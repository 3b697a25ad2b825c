//go:build linux

package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// The codes with which a shell ends where it cannot start a command.
const (
	codeDenied   = 126
	codeNotFound = 127
)

// find returns the program's path. It looks in the folders of the command's own PATH, and not of
// this program's.
func (c Command) find() (string, error) {
	if len(c.Argv) == 0 {
		return "", &ExitError{Code: codeNotFound, Reason: "empty command"}
	}
	name := c.Argv[0]
	if strings.Contains(name, "/") {
		if !filepath.IsAbs(name) {
			name = filepath.Join(c.Dir, name)
		}
		return c.executable(name)
	}
	for _, dir := range filepath.SplitList(c.variable("PATH")) {
		if program, err := c.executable(filepath.Join(dir, name)); err == nil {
			return program, nil
		}
	}
	return "", &ExitError{Argv: c.Argv, Code: codeNotFound, Reason: name + ": not found"}
}

// startError returns the error of a program that is there and did not start: for lack of a right, of
// the interpreter of a script, or of its folder. Any other error has a different cause.
func (c Command) startError(err error) error {
	if _, missing := os.Stat(c.Dir); c.Dir != "" && missing != nil {
		return &ExitError{Argv: c.Argv, Code: codeDenied, Reason: fmt.Sprintf("cannot run %s: %v", c.Argv[0], missing)}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &ExitError{Argv: c.Argv, Code: codeNotFound, Reason: c.Argv[0] + ": not found"}
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.ENOEXEC), errors.Is(err, syscall.ENOTDIR):
		return &ExitError{Argv: c.Argv, Code: codeDenied, Reason: err.Error()}
	}
	return fmt.Errorf("run %s: %w", c.Argv[0], err)
}

// notStarted reports, as a shell does, that the command did not start, and returns the error.
func (c Command) notStarted(err error) error {
	var exit *ExitError
	if errors.As(err, &exit) && c.Stderr != nil {
		c.Stderr("sh: " + exit.Reason)
	}
	return err
}

// executable returns a path if it is a program's.
func (c Command) executable(file string) (string, error) {
	program, err := exec.LookPath(file)
	switch {
	case err == nil:
		return program, nil
	case errors.Is(err, fs.ErrNotExist):
		return "", &ExitError{Argv: c.Argv, Code: codeNotFound, Reason: file + ": not found"}
	}
	return "", &ExitError{Argv: c.Argv, Code: codeDenied, Reason: file + ": " + errors.Unwrap(err).Error()}
}

// variable returns a variable of the command's environment; the last one counts.
func (c Command) variable(name string) (value string) {
	if c.Env == nil {
		return os.Getenv(name)
	}
	for _, v := range c.Env {
		if text, ok := strings.CutPrefix(v, name+"="); ok {
			value = text
		}
	}
	return value
}
