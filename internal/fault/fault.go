// Package fault sorts errors by who can mend them, because that decides the
// exit code: what was built is bad (1), the call or the configuration is wrong
// (2), or the surroundings are (3: no engine, no network, no disk, no registry).
//
// A package that knows the class of a failure wraps it once, at the place where
// it is known; the target at the top asks Code.
package fault

import (
	"context"
	"errors"
	"fmt"
	"syscall"
)

// Class says who can mend an error. Its value is the process's exit code.
type Class int

// The classes of the contract.
const (
	Failed      Class = 1 // what was built or checked is bad
	Usage       Class = 2 // the call or the configuration is wrong
	Environment Class = 3 // no engine, no network, no disk, no registry
)

// Error is an error with its class and, where one is known, what to do about it.
type Error struct {
	Class Class
	Cause Cause // "" where it is not known
	Err   error
	Hint  string // one or more lines, each something the reader can do; may be empty
}

// Error gives the cause, and the hint on lines of its own.
func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Err.Error()
	}
	return fmt.Sprintf("%v\n  %s", e.Err, e.Hint)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// New gives an error of a class. The hint may be empty.
func New(class Class, hint, format string, args ...any) error {
	return &Error{Class: class, Err: fmt.Errorf(format, args...), Hint: hint}
}

// Wrap gives err a class, unless it has one already: the place nearest to the
// cause knows best. A nil error stays nil.
func Wrap(class Class, err error) error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &Error{Class: class, Err: err}
}

// Code gives the exit code for an error: 0 for nil, else that of its class.
// Where several were joined the worst surroundings win, since nothing said about
// the user's work holds on a machine that failed. A full disk is always the
// surroundings' fault, whoever met it; an error without a class counts as Bad.
func Code(err error) int {
	if err == nil {
		return 0
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, context.DeadlineExceeded) {
		return int(Environment)
	}
	code := Class(0)
	walk(err, func(e *Error) { code = max(code, e.Class) })
	if code == 0 {
		return int(Failed)
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
