package registry

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/distribution/reference"
	"github.com/docker/cli/cli/config/types"
	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// The variables that hold credentials where there is no docker login, as in CI.
const (
	UsernameVariable = "KILN_REGISTRY_USERNAME"
	PasswordVariable = "KILN_REGISTRY_PASSWORD"
)

// DockerHub is Docker Hub as the registry of an image's name.
const DockerHub = "docker.io"

// ErrCredentials is the error for credentials that cannot be read: a broken configuration of
// docker's, or a credential helper that fails. It names the variable, the file or the helper.
var ErrCredentials = errors.New("the credentials cannot be read")

// Credentials are what a registry is asked with. The zero value is none. They print as their
// source, so that no message contains a secret.
type Credentials struct {
	types.AuthConfig
	Source string // what had them: a variable, a file or a credential helper
}

// String returns the source.
func (c Credentials) String() string { return c.Source }

// GoString returns the source.
func (c Credentials) GoString() string { return c.Source }

// Credentials returns the credentials for the registry of the image ref: those of the two
// variables if they are set and meant for it, else docker's: DOCKER_AUTH_CONFIG, then
// config.json, which may name credential helpers. The error is ErrCredentials where they
// exist and cannot be read.
func (c *Client) Credentials(ctx context.Context, ref string) (Credentials, error) {
	host, err := hostOf(ref)
	if err != nil {
		return Credentials{}, err
	}
	return c.CredentialsOf(ctx, host)
}

// CredentialsOf is Credentials for a registry, as "docker.io" or "localhost:5000".
func (c *Client) CredentialsOf(ctx context.Context, host string) (Credentials, error) {
	found, err := c.fromVariables(host)
	if err != nil || found.Source != "" {
		return found, err
	}
	for _, read := range []func() (dockerConfig, error){c.configVariable, c.configFile} {
		config, err := read()
		if err != nil {
			return Credentials{}, err
		}
		if found, err = config.credentials(ctx, host); err != nil || found.Source != "" {
			return found, err
		}
	}
	return Credentials{}, nil
}

// CheckCredentials returns the error with which Credentials would fail.
func (c *Client) CheckCredentials(ctx context.Context, ref string) error {
	_, err := c.Credentials(ctx, ref)
	return err
}

// fromVariables returns the credentials of the two variables, if they are meant for a host.
// The end of a line, which a file's content may bring along, is no part of a password.
func (c *Client) fromVariables(host string) (Credentials, error) {
	user, password := c.getenv(UsernameVariable), strings.TrimRight(c.getenv(PasswordVariable), "\r\n")
	if user == "" && password == "" || c.host != "" && c.host != host {
		return Credentials{}, nil
	}
	for name, value := range map[string]string{UsernameVariable: user, PasswordVariable: password} {
		if value == "" {
			return Credentials{}, unreadable(fault.Usage, "set both "+UsernameVariable+" and "+PasswordVariable+", or neither", "%s is empty", name)
		}
	}
	return Credentials{types.AuthConfig{Username: user, Password: password, ServerAddress: serverOf(host)}, UsernameVariable}, nil
}

// unreadable returns an ErrCredentials.
func unreadable(class fault.Class, fix, format string, args ...any) error {
	return fault.New(class, fix, "read the credentials for registries: %w", &unreadableError{fmt.Sprintf(format, args...)})
}

// unreadableError is an ErrCredentials with its reason.
type unreadableError struct{ reason string }

func (e *unreadableError) Error() string   { return e.reason }
func (e *unreadableError) Is(t error) bool { return t == ErrCredentials }

// hostOf returns the registry of an image name, as "docker.io" or "localhost:5000".
func hostOf(ref string) (string, error) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return "", badName(ref, err)
	}
	return reference.Domain(named), nil
}

func badName(ref string, cause error) error {
	return fault.New(fault.Usage, "write it as registry/repository:tag", "read image name %q: %w", ref, cause)
}

// authenticator returns credentials in the registry library's form.
func (c Credentials) authenticator() authn.Authenticator {
	if c.AuthConfig == (types.AuthConfig{}) {
		return authn.Anonymous
	}
	return authn.FromConfig(authn.AuthConfig{
		Username: c.Username, Password: c.Password, Auth: c.Auth,
		IdentityToken: c.IdentityToken, RegistryToken: c.RegistryToken,
	})
}
