package engine

import (
	"fmt"

	"github.com/distribution/reference"
	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/types"
	"github.com/docker/docker/api/types/registry"
	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// The variables that name credentials without a docker login, for CI.
const (
	UsernameVariable = "KILN_REGISTRY_USERNAME"
	PasswordVariable = "KILN_REGISTRY_PASSWORD"
)

// hubKey is Docker Hub's name in docker's configuration file.
const hubKey = "https://index.docker.io/v1/"

// credentials reads docker's configuration file, which names the credential
// helpers too.
func (e *Client) credentials() (*configfile.ConfigFile, error) {
	file, err := config.Load(config.Dir())
	if err != nil {
		return nil, fault.New(fault.Usage, "correct or remove the file, then run: docker login", "read docker's configuration: %w", err)
	}
	return file, nil
}

// UseAccountFor says for which repository's registry Kiln's two variables are: no other is
// shown them.
func (e *Client) UseAccountFor(repository string) {
	if named, err := reference.ParseNormalizedNamed(repository); err == nil {
		e.account = reference.Domain(named)
	}
}

// authFor gives the credentials for the registry of an image: Kiln's two
// variables if they are set and for it, else what docker has. No credentials is a zero
// value.
func (e *Client) authFor(ref string) (types.AuthConfig, error) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return types.AuthConfig{}, fault.New(fault.Usage, "write it as registry/repository:tag", "read image name %q: %w", ref, err)
	}
	host := reference.Domain(named)
	if user := e.getenv(UsernameVariable); user != "" && (e.account == "" || e.account == host) {
		return types.AuthConfig{Username: user, Password: e.getenv(PasswordVariable), ServerAddress: host}, nil
	}
	file, err := e.credentials()
	if err != nil {
		return types.AuthConfig{}, err
	}
	if host == "docker.io" {
		host = hubKey
	}
	auth, err := file.GetAuthConfig(host)
	if err != nil {
		return types.AuthConfig{}, fault.New(fault.Usage, "docker login "+host, "read the credentials for %s: %w", host, err)
	}
	return auth, nil
}

// registryAuth gives the credentials in the header's form that the engine wants.
func (e *Client) registryAuth(ref string) (string, error) {
	auth, err := e.authFor(ref)
	if err != nil {
		return "", err
	}
	header, err := registry.EncodeAuthConfig(asEngineAuth(auth))
	if err != nil {
		return "", fmt.Errorf("encode the credentials for %s: %w", ref, err)
	}
	return header, nil
}

func asEngineAuth(a types.AuthConfig) registry.AuthConfig {
	return registry.AuthConfig{
		Username: a.Username, Password: a.Password, Auth: a.Auth, ServerAddress: a.ServerAddress,
		IdentityToken: a.IdentityToken, RegistryToken: a.RegistryToken,
	}
}

// authenticator gives the credentials in the form of the registry library.
func (e *Client) authenticator(ref string) (authn.Authenticator, error) {
	auth, err := e.authFor(ref)
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
