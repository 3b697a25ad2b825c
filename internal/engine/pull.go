package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/docker/docker/api/types/image"
	enginetypes "github.com/docker/docker/api/types/registry"
	"github.com/docker/docker/pkg/jsonmessage"

	"github.com/romanatrashyonok/kiln/internal/registry"
)

// Pull fetches an image from its registry. It fails within seconds where the registry
// cannot be reached, and with registry.ErrDenied where it wants other credentials.
func (e *Client) Pull(ctx context.Context, ref string) error {
	used, auth, err := e.credentials(ctx, ref)
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

// credentials returns those for the registry of ref, and the header with which the engine gets them.
func (e *Client) credentials(ctx context.Context, ref string) (used registry.Credentials, header string, err error) {
	if used, err = e.registry.Credentials(ctx, ref); err != nil {
		return used, "", err
	}
	header, err = authHeader(used)
	return used, header, err
}

// Push sends an image to its registry under its name, and returns its digest there.
func (e *Client) Push(ctx context.Context, ref string) (digest string, err error) {
	used, auth, err := e.credentials(ctx, ref)
	if err != nil {
		return "", err
	}
	stream, err := e.api.ImagePush(ctx, ref, image.PushOptions{RegistryAuth: auth})
	if err != nil {
		return "", e.registryFailed("push "+ref, used, err)
	}
	defer stream.Close()
	digest, err = pushedDigest(stream)
	if err == nil && digest == "" { // as with the containerd image store of 26.1
		return e.resolve(ctx, ref)
	}
	return digest, e.registryFailed("push "+ref, used, err)
}

// pushedDigest reads the JSON stream that a push answers with to its end, and returns the digest
// that the engine reports in it, or "".
func pushedDigest(stream io.Reader) (digest string, err error) {
	err = drainEach(stream, func(m jsonmessage.JSONMessage) {
		var result struct{ Digest string }
		if m.Aux != nil && json.Unmarshal(*m.Aux, &result) == nil && result.Digest != "" {
			digest = result.Digest
		}
	})
	return digest, err
}

// Lookup reports, as an error, that the registry of ref cannot be reached or does not have
// the image.
func (e *Client) Lookup(ctx context.Context, ref string) error {
	_, err := e.resolve(ctx, ref)
	return err
}

// resolve returns the digest that ref has in its registry. The engine asks, which may reach the
// registry by a mirror or a proxy of its own; where it cannot, as Podman, which lacks the call,
// this machine does.
func (e *Client) resolve(ctx context.Context, ref string) (digest string, err error) {
	used, auth, err := e.credentials(ctx, ref)
	if err != nil {
		return "", err
	}
	found, err := e.api.DistributionInspect(ctx, ref, auth)
	if err = e.registryFailed("look up "+ref, used, err); err == nil || ctx.Err() != nil || errors.Is(err, registry.ErrDenied) {
		return found.Descriptor.Digest.String(), err
	}
	return e.registry.Digest(ctx, ref)
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
