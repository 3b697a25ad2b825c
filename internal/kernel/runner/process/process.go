//go:build linux

// Package process runs a build's commands: as the build's user, with an environment of their own,
// in a process group that ends with them.
package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// Command is a program to run.
type Command struct {
	Argv   []string
	Dir    string
	Env    []string            // all of its environment; nil for this program's
	User   *syscall.Credential // nil for this program's
	Stdout func(line string)   // nil discards; called at once with Stderr
	Stderr func(line string)
}

// ExitError is the error of a command that ended with an exit code other than 0, or that could
// not be started.
type ExitError struct {
	Argv   []string
	Code   int    // 128 and the signal's number if a signal ended it; 126 or 127 if it did not start, as a shell's
	Reason string // why it did not start; else ""
}

// Error returns the code and the program.
func (e *ExitError) Error() string {
	text := fmt.Sprintf("exit status %d: %s", e.Code, strings.Join(e.Argv, " "))
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// Interrupted reports whether an error is of a command that a signal ended, so that make could
// not remove its incomplete files.
func Interrupted(err error) bool {
	var exit *ExitError
	return err != nil && (!errors.As(err, &exit) || exit.Code > 128)
}

// Run runs a command and waits for its end, or for that of ctx. What it started and left running is
// killed, unless that is in a process group of its own. An exit code other than 0 is an *ExitError.
func (c Command) Run(ctx context.Context) error {
	program, missing := c.find()
	if missing != nil {
		return c.notStarted(missing)
	}
	out, err := newPipe(c.Stdout)
	if err != nil {
		return err
	}
	defer out.close()
	errs, err := newPipe(c.Stderr)
	if err != nil {
		return err
	}
	defer errs.close()
	cmd := exec.CommandContext(ctx, program)
	cmd.Args, cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = c.Argv, c.Dir, c.Env, out.w, errs.w
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Credential: c.User}
	cmd.Cancel = func() error { return killGroup(cmd) }
	runtime.LockOSThread() // its end would be the parent's death
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return c.notStarted(c.startError(err))
	}
	preferForOOM(cmd.Process.Pid)
	out.read()
	errs.read()
	err = c.exitError(cmd.Wait())
	killGroup(cmd)
	return err // once both pipes have been read
}

// Output runs a command and returns what it prints to standard output.
func (c Command) Output(ctx context.Context) (string, error) {
	var text strings.Builder
	c.Stdout = func(line string) { text.WriteString(line + "\n") }
	var last string
	c.Stderr = func(line string) { last = line }
	err := c.Run(ctx)
	var exit *ExitError
	if errors.As(err, &exit) && exit.Reason == "" {
		exit.Reason = last
	}
	return text.String(), err
}

// oomPreference is by how much, in thousandths of the memory, a command counts as larger than it is
// when the kernel looks for a process to kill: this program has to outlive it, and to try again.
const oomPreference = 300

// preferForOOM makes a command, and what it starts, the first to be killed for lack of memory.
func preferForOOM(pid int) {
	os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid), strconv.AppendInt(nil, oomPreference, 10), 0) // without it, the largest process is
}

// killGroup kills a command and what it started.
func killGroup(cmd *exec.Cmd) error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// exitError returns the result of a command that was started as an *ExitError or nil.
func (c Command) exitError(err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	code := exit.ExitCode()
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		code = 128 + int(status.Signal())
	}
	return &ExitError{Argv: c.Argv, Code: code}
}
