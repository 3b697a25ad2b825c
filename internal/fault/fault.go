// Package fault sorts errors by who can fix them, because that decides the exit
// code: what was built or checked is bad (1), the call or the configuration is
// wrong (2), there is an environment problem: no engine, network, disk space or
// registry (3), or a signal ended the run (128 and its number).
//
// A package that knows the class of an error wraps it once, where it is known; the
// target at the top calls Code.
package fault

import (
	"context"
	"errors"
	"fmt"
	"syscall"
)

// Class is who can fix an error. Its value is the process's exit code.
type Class int

// The classes of the contract.
const (
	Failed      Class = 1   // what was built or checked is bad
	Usage       Class = 2   // the call or the configuration is wrong
	Environment Class = 3   // environment problem: no engine, network, disk space or registry
	Interrupted Class = 130 // SIGINT ended the run; see package interrupt
	Terminated  Class = 143 // SIGTERM ended the run
)

// Error is an error with its class and, where one is known, its fix.
type Error struct {
	Class Class
	Cause Cause // "" where it is not known
	Err   error
	Fix   string // a command or an instruction, printed after "fix: "; may be empty
}

// Error returns the message, and the fix on a line of its own.
func (e *Error) Error() string {
	if e.Fix == "" {
		return e.Err.Error()
	}
	return fmt.Sprintf("%v\n  fix: %s", e.Err, e.Fix)
}

// Unwrap returns the wrapped error.
func (e *Error) Unwrap() error { return e.Err }

// New returns an error of a class. The fix may be empty.
func New(class Class, fix, format string, args ...any) error {
	return &Error{Class: class, Err: fmt.Errorf(format, args...), Fix: fix}
}

// Wrap returns err with a class, unless it has one already: the place nearest to
// the cause knows best. A nil error stays nil.
func Wrap(class Class, err error) error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &Error{Class: class, Err: err}
}

// Code returns the exit code for an error: 0 for nil, else that of its class. Of
// several joined errors the highest class wins: on a machine with an environment
// problem, no result about the user's work counts. A full disk and an exceeded
// deadline are environment problems whatever class they have, unless a signal ended the
// run; an error without a class counts as Failed.
func Code(err error) int {
	if err == nil {
		return 0
	}
	code := Failed
	walk(err, func(e *Error) { code = max(code, e.Class) })
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, context.DeadlineExceeded) {
		code = max(code, Environment)
	}
	return int(code)
}

// walk visits the outermost classed error of each branch of a tree of errors.
func walk(err error, visit func(*Error)) {
	switch e := err.(type) {
	case nil:
	case *Error:
		visit(e)
	case interface{ Unwrap() error }:
		walk(e.Unwrap(), visit)
	case interface{ Unwrap() []error }:
		for _, each := range e.Unwrap() {
			walk(each, visit)
		}
	}
}
