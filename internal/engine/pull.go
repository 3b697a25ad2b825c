package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/docker/docker/api/types/image"
	enginetypes "github.com/docker/docker/api/types/registry"

	"github.com/romanatrashyonok/kiln/internal/registry"
)

// Pull fetches an image from its registry. It fails within seconds where the registry
// cannot be reached, and with registry.ErrDenied where it wants other credentials.
func (e *Client) Pull(ctx context.Context, ref string) error {
	used, err := e.registry.Credentials(ctx, ref)
	if err != nil {
		return err
	}
	auth, err := authHeader(used)
	if err != nil {
		return err
	}
	stream, err := e.api.ImagePull(ctx, ref, image.PullOptions{RegistryAuth: auth})
	if err != nil {
		return e.registryFailed("pull "+ref, used, err)
	}
	defer stream.Close()
	return e.registryFailed("pull "+ref, used, drain(stream))
}

// Lookup reports, as an error, that the registry of ref cannot be reached or does not have
// the image. The engine asks, which may reach the registry by a mirror or a proxy of its own;
// where it cannot, as Podman, which lacks the call, this machine does.
func (e *Client) Lookup(ctx context.Context, ref string) error {
	used, err := e.registry.Credentials(ctx, ref)
	if err != nil {
		return err
	}
	auth, err := authHeader(used)
	if err != nil {
		return err
	}
	_, err = e.api.DistributionInspect(ctx, ref, auth)
	if err = e.registryFailed("look up "+ref, used, err); err == nil || ctx.Err() != nil || errors.Is(err, registry.ErrDenied) {
		return err
	}
	_, err = e.registry.Digest(ctx, ref)
	return err
}

// authHeader returns credentials in the form of the Engine API's X-Registry-Auth header.
func authHeader(c registry.Credentials) (string, error) {
	header, err := enginetypes.EncodeAuthConfig(enginetypes.AuthConfig{
		Username: c.Username, Password: c.Password, Auth: c.Auth, ServerAddress: c.ServerAddress,
		IdentityToken: c.IdentityToken, RegistryToken: c.RegistryToken,
	})
	if err != nil {
		return "", fmt.Errorf("encode the credentials of %s: %w", c.Source, err)
	}
	return header, nil
}

// registryFailed classifies an engine's error about a registry that was asked with the used
// credentials. Only the text shows that the registry refused them.
func (e *Client) registryFailed(action string, used registry.Credentials, err error) error {
	text := strings.ToLower(fmt.Sprint(err))
	for _, sign := range []string{"unauthorized", "authentication required", "no basic auth", "denied", "incorrect username or password"} {
		if strings.Contains(text, sign) {
			return e.registry.Denied(action, used)
		}
	}
	return failed(action, err)
}
