package fault

import (
	"errors"
	"syscall"
)

// Cause says what is to blame for a failed build, where that is known.
type Cause string

// The causes, and who can mend them: the exit code follows from that.
const (
	Source        Cause = "source"        // the code that was built, patches included
	Configuration Cause = "configuration" // what was asked for
	Toolchain     Cause = "toolchain"     // a program that builds is missing or cannot do it
	Resources     Cause = "resources"     // memory or disk
	Network       Cause = "network"
	Engine        Cause = "engine"
)

// class gives who can mend it.
func (c Cause) class() Class {
	switch c {
	case Source:
		return Failed
	case Configuration:
		return Usage
	}
	return Environment
}

// WithCause gives err a cause and the class that follows from it, unless it has a class
// already. A nil error stays nil.
func WithCause(c Cause, err error) error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &Error{Class: c.class(), Cause: c, Err: err}
}

// NewWithCause gives an error with a cause. The hint may be empty.
func NewWithCause(c Cause, hint, format string, args ...any) error {
	e := New(c.class(), hint, format, args...).(*Error)
	e.Cause = c
	return e
}

// CauseOf gives what is to blame for an error: what it says itself, else what its
// class suggests.
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
