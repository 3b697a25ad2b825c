package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// ErrNotFound is the error for a tag, a digest or a platform that the registry does not
// have.
var ErrNotFound = errors.New("not in the registry")

// failed classifies the error of an action by the status that the registry answered with.
func failed(action string, err error) error {
	if err == nil {
		return nil
	}
	var answer *transport.Error
	if errors.As(err, &answer) {
		switch answer.StatusCode {
		case http.StatusNotFound:
			return fault.New(fault.Failed, "", "%s: %w", action, ErrNotFound)
		case http.StatusUnauthorized, http.StatusForbidden:
			return fault.New(fault.Environment, loginHint, "%s: %w", action, ErrDenied)
		}
		err = fmt.Errorf("the registry answered %d %s: %w", answer.StatusCode, http.StatusText(answer.StatusCode), err)
	}
	var classed *fault.Error
	if answer == nil && !errors.As(err, &classed) && !errors.Is(err, context.Canceled) {
		return fault.NewWithCause(fault.Network, "make the registry reachable from this machine", "%s: %w", action, err)
	}
	return fault.WithCause(fault.Network, fmt.Errorf("%s: %w", action, err))
}
