package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/docker/cli/cli/config/types"
	"github.com/docker/docker/api/types/image"
	enginetypes "github.com/docker/docker/api/types/registry"

	"github.com/romanatrashyonok/kiln/internal/registry"
)

// Pull fetches an image from its registry. It fails within seconds where the registry
// cannot be reached, and with registry.ErrDenied where it wants other credentials.
func (e *Client) Pull(ctx context.Context, ref string) error {
	auth, err := authHeader(e.registry, ref)
	if err != nil {
		return err
	}
	stream, err := e.api.ImagePull(ctx, ref, image.PullOptions{RegistryAuth: auth})
	if err != nil {
		return registryFailed("pull "+ref, err)
	}
	defer stream.Close()
	return registryFailed("pull "+ref, drain(stream))
}

// Lookup reports, as an error, that the engine cannot reach the registry of ref or does
// not find the image there. It costs the registry one HEAD.
func (e *Client) Lookup(ctx context.Context, ref string) error {
	auth, err := authHeader(e.registry, ref)
	if err != nil {
		return err
	}
	_, err = e.api.DistributionInspect(ctx, ref, auth)
	return registryFailed("look up "+ref, err)
}

// authHeader returns the credentials for the registry of ref in the form of the Engine
// API's X-Registry-Auth header.
func authHeader(r *registry.Client, ref string) (string, error) {
	auth, err := r.Credentials(ref)
	if err != nil {
		return "", err
	}
	header, err := enginetypes.EncodeAuthConfig(engineAuth(auth))
	if err != nil {
		return "", fmt.Errorf("encode the credentials for %s: %w", ref, err)
	}
	return header, nil
}

func engineAuth(a types.AuthConfig) enginetypes.AuthConfig {
	return enginetypes.AuthConfig{
		Username: a.Username, Password: a.Password, Auth: a.Auth, ServerAddress: a.ServerAddress,
		IdentityToken: a.IdentityToken, RegistryToken: a.RegistryToken,
	}
}

// registryFailed classifies an engine's error about a registry. Only the text shows that the
// registry refused the credentials.
func registryFailed(action string, err error) error {
	text := strings.ToLower(fmt.Sprint(err))
	for _, sign := range []string{"unauthorized", "authentication required", "no basic auth", "denied", "incorrect username or password"} {
		if strings.Contains(text, sign) {
			return registry.Denied(action, err)
		}
	}
	return failed(action, err)
}
