// Package trust verifies who made a file or tag of kernel.org. Signatures are OpenPGP's;
// trusted keys are pinned by their full fingerprints, separately for checksums and for
// releases.
package trust

import (
	"errors"
	"fmt"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// State is the result of a verification.
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
	Redirected  State = "redirected elsewhere"
)

// Error is the result of a verification other than Verified.
type Error struct {
	State State
	Err   error
}

// Error returns the state and what was found.
func (e *Error) Error() string { return string(e.State) + ": " + e.Err.Error() }

// Unwrap returns what was found.
func (e *Error) Unwrap() error { return e.Err }

// Refuse returns an error of a state. Unpublished and NoKeys are environment problems; with
// every other state the verified file is bad.
func Refuse(state State, fix, format string, args ...any) error {
	class := fault.Failed
	if state == Unpublished || state == NoKeys {
		class = fault.Environment
	}
	return fault.New(class, fix, "%w", &Error{State: state, Err: fmt.Errorf(format, args...)})
}

// StateOf returns the state of an error: Verified for nil, "" for an error of a different
// kind.
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
