//go:build linux

package process

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The codes with which a shell ends where it cannot start a command.
const (
	codeDenied   = 126
	codeNotFound = 127
)

// find returns the program's path. It looks in the folders of the command's own PATH, and not of
// this program's.
func (c Command) find() (string, *ExitError) {
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

// executable returns a path if it is a program's.
func (c Command) executable(file string) (string, *ExitError) {
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
