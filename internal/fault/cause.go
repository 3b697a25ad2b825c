package fault

import (
	"errors"
	"syscall"
)

// Cause is what made a build fail.
type Cause string

// The causes. The class of an error, and so the exit code, follows from its cause.
const (
	Source        Cause = "source"        // the code that was built, patches included
	Configuration Cause = "configuration" // what was asked for
	Toolchain     Cause = "toolchain"     // a build program is missing or lacks a feature
	Resources     Cause = "resources"     // memory or disk
	Network       Cause = "network"
	Engine        Cause = "engine"
)

// class returns the class that follows from a cause.
func (c Cause) class() Class {
	switch c {
	case Source:
		return Failed
	case Configuration:
		return Usage
	}
	return Environment
}

// WithCause returns err with a cause and the class that follows from it, unless it has
// a class already. A nil error stays nil.
func WithCause(c Cause, err error) error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &Error{Class: c.class(), Cause: c, Err: err}
}

// NewWithCause returns an error with a cause and the class that follows from it. The
// fix may be empty.
func NewWithCause(c Cause, fix, format string, args ...any) error {
	e := New(c.class(), fix, format, args...).(*Error)
	e.Cause = c
	return e
}

// CauseOf returns the cause of an error: the outermost one in its tree, else the one
// that its class suggests. A full disk is always Resources.
func CauseOf(err error) Cause {
	if errors.Is(err, syscall.ENOSPC) {
		return Resources
	}
	cause := Cause("")
	every(err, func(e *Error) {
		if cause == "" {
			cause = e.Cause
		}
	})
	if cause != "" {
		return cause
	}
	return map[Class]Cause{Failed: Source, Usage: Configuration, Environment: Resources}[Class(Code(err))]
}

// every visits all classed errors of a tree, the outer ones first.
func every(err error, visit func(*Error)) {
	if e, ok := err.(*Error); ok {
		visit(e)
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		every(e.Unwrap(), visit)
	case interface{ Unwrap() []error }:
		for _, each := range e.Unwrap() {
			every(each, visit)
		}
	}
}
