package registry

import (
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"time"

	"github.com/docker/cli/cli/config/types"
	helpers "github.com/docker/docker-credential-helpers/credentials"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// helperTimeout bounds a credential helper. It may ask its user for a password.
const helperTimeout = 30 * time.Second

// tokenUsername is the user name that a helper prints with an identity token
// (docker-credential-helpers, README).
const tokenUsername = "<token>"

// credentialHelper is a program that has credentials, named in docker's configuration.
type credentialHelper struct {
	program string // docker-credential-NAME
	origin  string // the variable or the file that names it
}

// get asks the helper for the credentials of a host. What it prints may be a secret, and is
// in no error.
func (h credentialHelper) get(ctx context.Context, host string) (Credentials, error) {
	own, cancel := context.WithTimeout(ctx, helperTimeout)
	defer cancel()
	server := serverOf(host)
	cmd := exec.CommandContext(own, h.program, "get")
	cmd.Stdin, cmd.WaitDelay = strings.NewReader(server), time.Second
	start := time.Now()
	out, err := cmd.Output()
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return Credentials{}, ctx.Err()
	case own.Err() != nil:
		return Credentials{}, h.failed(server, "does not answer within %s", time.Since(start).Round(time.Second))
	case errors.Is(err, exec.ErrNotFound):
		return Credentials{}, unreadable(fault.Environment, "install "+h.program+", or remove it from "+h.origin,
			"the credential helper %s, which %s names, is not installed", h.program, h.origin)
	case err != nil && helpers.IsErrCredentialsNotFoundMessage(strings.TrimSpace(string(out))):
		return Credentials{}, nil
	case err != nil:
		return Credentials{}, h.failed(server, "fails: %v", err)
	}
	var answer helpers.Credentials
	if json.Unmarshal(out, &answer) != nil || answer.Secret == "" || answer.Username == "" {
		return Credentials{}, h.failed(server, "does not print JSON with Username and Secret")
	}
	return h.credentials(server, answer), nil
}

func (h credentialHelper) credentials(server string, answer helpers.Credentials) Credentials {
	found := Credentials{types.AuthConfig{ServerAddress: server}, h.program}
	if answer.Username == tokenUsername {
		found.IdentityToken = answer.Secret
	} else {
		found.Username, found.Password = answer.Username, answer.Secret
	}
	return found
}

// failed returns the error of a helper that is installed and does not work.
func (h credentialHelper) failed(server, format string, args ...any) error {
	return unreadable(fault.Environment, "try it: echo "+server+" | "+h.program+" get; or remove it from "+h.origin,
		"the credential helper %s, which %s names, "+format, append([]any{h.program, h.origin}, args...)...)
}
