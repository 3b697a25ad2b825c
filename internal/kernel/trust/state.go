// Package trust tells whether something of kernel.org's was made by who it should
// be made by. Signatures are OpenPGP's; the keys that count are pinned by their
// full fingerprints, those for checksums and those for releases apart.
package trust

import (
	"errors"
	"fmt"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// State is what a verification came to.
type State string

// The states, as they are printed.
const (
	Verified    State = "verified"
	Unpublished State = "checksums not yet published"
	Missing     State = "signature missing"
	WrongSigner State = "wrong signer"
	Altered     State = "altered"
	NoKeys      State = "keys unavailable"
	Older       State = "older than the lock"
	Elsewhere   State = "redirected elsewhere"
)

// Error is a verification that did not come to Verified.
type Error struct {
	State State
	Err   error
}

// Error gives the state and what was found.
func (e *Error) Error() string { return string(e.State) + ": " + e.Err.Error() }

// Unwrap gives what was found.
func (e *Error) Unwrap() error { return e.Err }

// Refuse gives an error of a state. What is not there yet, or cannot be had now,
// is the surroundings' fault; all else means that what came is bad.
func Refuse(state State, fix, format string, args ...any) error {
	class := fault.Failed
	if state == Unpublished || state == NoKeys {
		class = fault.Environment
	}
	return fault.New(class, fix, "%w", &Error{State: state, Err: fmt.Errorf(format, args...)})
}

// StateOf gives the state that an error stands for: Verified for nil, "" where it
// has nothing to do with trust.
func StateOf(err error) State {
	if err == nil {
		return Verified
	}
	var e *Error
	if errors.As(err, &e) {
		return e.State
	}
	return ""
}
