package registry

import (
	"errors"

	"github.com/distribution/reference"
	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/types"
	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// The variables that hold credentials where there is no docker login, as in CI.
const (
	UsernameVariable = "KILN_REGISTRY_USERNAME"
	PasswordVariable = "KILN_REGISTRY_PASSWORD"
)

// loginHint is the fix for credentials that a registry refused.
const loginHint = "log in with docker login, or set " + UsernameVariable + " and " + PasswordVariable

// dockerHubKey is Docker Hub's key in docker's configuration file.
const dockerHubKey = "https://index.docker.io/v1/"

// ErrDenied is the error of a registry that refuses the credentials.
var ErrDenied = errors.New("the registry refused the credentials")

// Denied returns cause, the error of an action that needs other credentials, as an
// ErrDenied with its fix.
func Denied(action string, cause error) error {
	return fault.New(fault.Environment, loginHint, "%s: %w (%v)", action, ErrDenied, cause)
}

// DockerConfig reads docker's configuration file, which also names the credential helpers.
func (c *Client) DockerConfig() (*configfile.ConfigFile, error) {
	file, err := config.Load(config.Dir())
	if err != nil {
		return nil, fault.New(fault.Usage, "fix or remove it, then run docker login", "read docker's configuration: %w", err)
	}
	return file, nil
}

// Credentials returns the credentials for the registry of the image ref: those of the two
// variables if they are set and meant for it, else those of docker. Without any it returns
// the zero value.
func (c *Client) Credentials(ref string) (types.AuthConfig, error) {
	host, err := hostOf(ref)
	if err != nil {
		return types.AuthConfig{}, err
	}
	if user := c.getenv(UsernameVariable); user != "" && (c.host == "" || c.host == host) {
		return types.AuthConfig{Username: user, Password: c.getenv(PasswordVariable), ServerAddress: host}, nil
	}
	file, err := c.DockerConfig()
	if err != nil {
		return types.AuthConfig{}, err
	}
	if host == "docker.io" {
		host = dockerHubKey
	}
	auth, err := file.GetAuthConfig(host)
	if err != nil {
		return types.AuthConfig{}, fault.New(fault.Usage, "docker login "+host, "read the credentials for %s: %w", host, err)
	}
	return auth, nil
}

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

// authenticator returns the credentials for ref in the registry library's form.
func (c *Client) authenticator(ref string) (authn.Authenticator, error) {
	auth, err := c.Credentials(ref)
	if err != nil {
		return nil, err
	}
	if auth == (types.AuthConfig{}) {
		return authn.Anonymous, nil
	}
	return authn.FromConfig(authn.AuthConfig{
		Username: auth.Username, Password: auth.Password, Auth: auth.Auth,
		IdentityToken: auth.IdentityToken, RegistryToken: auth.RegistryToken,
	}), nil
}
