package registry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// ErrNotFound is the error for a tag, a digest or a platform that the registry does not
// have.
var ErrNotFound = errors.New("not in the registry")

// ErrDenied is the error of a registry that refuses the credentials.
var ErrDenied = errors.New("the registry refused the credentials")

// ErrRefused is the error of a registry that understood a request and does not do it, as to
// move a tag that it keeps.
var ErrRefused = errors.New("the registry refuses")

// Denied returns the error of an action for which a registry refused credentials, as an
// ErrDenied: it says where they come from, or where none were found.
func (c *Client) Denied(action string, used Credentials) error {
	const fix = "log in with docker login, or set " + UsernameVariable + " and " + PasswordVariable
	if used.Source != "" {
		return fault.New(fault.Environment, fix, "%s: %w of %s", action, ErrDenied, used.Source)
	}
	return fault.New(fault.Environment, fix, "%s: %w: there are none in %s, %s, %s", action, ErrDenied, UsernameVariable, authVariable, c.describeConfig())
}

// describeConfig names config.json, and says where there is none.
func (c *Client) describeConfig() string {
	path := c.configPath()
	switch dir := c.getenv(dirVariable); {
	case path == "":
		return "config.json: HOME is not set"
	case !exists(path) && dir != "" && !exists(filepath.Dir(path)):
		return fmt.Sprintf("%s (the folder of %s does not exist)", path, dirVariable)
	case !exists(path):
		return path + " (does not exist)"
	}
	return path
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// failed classifies the error of an action by the status that the registry answered with.
func (q request) failed(action string, err error) error {
	if err == nil {
		return nil
	}
	var answer *transport.Error
	var classed *fault.Error
	if !errors.As(err, &answer) {
		if !errors.As(err, &classed) && !errors.Is(err, context.Canceled) {
			return fault.NewWithCause(fault.Network, "make the registry reachable from this machine", "%s: %w", action, err)
		}
		return fault.WithCause(fault.Network, fmt.Errorf("%s: %w", action, err))
	}
	switch answer.StatusCode {
	case http.StatusNotFound:
		return fault.New(fault.Failed, "", "%s: %w", action, ErrNotFound)
	case http.StatusUnauthorized, http.StatusForbidden:
		return q.client.Denied(action, q.used)
	}
	return fault.NewWithCause(fault.Network, "", "%s: %w", action, answered(answer))
}

// answered says in words which status a registry answered with.
func answered(answer *transport.Error) error {
	return fmt.Errorf("the registry answered %d %s: %w", answer.StatusCode, http.StatusText(answer.StatusCode), answer)
}

// keepsTag matches what registries that forbid to overwrite a tag say under status 403, which
// is also that of an account without the right to push.
var keepsTag = regexp.MustCompile(`(?i)immutab|overw|already exists|cannot be (updated|modified|changed)`)

// tagFailed is failed for the request that sets a tag. Registries with immutable tags answer
// with different statuses.
func (q request) tagFailed(action string, err error) error {
	var answer *transport.Error
	if !errors.As(err, &answer) {
		return q.failed(action, err)
	}
	switch status := answer.StatusCode; {
	case status == http.StatusBadRequest, status == http.StatusMethodNotAllowed, status == http.StatusConflict,
		status == http.StatusPreconditionFailed, status == http.StatusUnprocessableEntity,
		status == http.StatusForbidden && keepsTag.MatchString(answer.Error()):
		return fault.New(fault.Environment, "", "%s: %w: %w", action, ErrRefused, answered(answer))
	}
	return q.failed(action, err)
}
