package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/image"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/romanatrashyonok/kiln/fault"
	"github.com/romanatrashyonok/kiln/patience"
)

// Push sends a tagged image to its registry and gives the digest of the manifest
// that the registry then has. The digest comes from the stream of the push: it
// cannot be known before, since layers are compressed on the way.
func (e *Engine) Push(ctx context.Context, ref string) (digest string, err error) {
	auth, err := e.registryAuth(ref)
	if err != nil {
		return "", err
	}
	stream, err := e.api.ImagePush(ctx, ref, image.PushOptions{RegistryAuth: auth})
	if err != nil {
		return "", e.refused("push "+ref, err)
	}
	defer stream.Close()
	err = e.drain(stream, func(aux json.RawMessage) error {
		var result types.PushResult
		if json.Unmarshal(aux, &result) == nil && result.Digest != "" {
			digest = result.Digest
		}
		return nil
	})
	if err != nil {
		return "", e.refused("push "+ref, err)
	}
	if digest == "" {
		return "", fault.New(fault.Surroundings, "try again", "push %s: the engine told no digest", ref)
	}
	return digest, nil
}

// ErrNotThere is what RemoteDigest gives for a tag or digest that the registry
// does not have.
var ErrNotThere = errors.New("not in the registry")

// RemoteDigest asks the registry itself, by HEAD, which manifest a tag or a
// digest names.
func (e *Engine) RemoteDigest(ctx context.Context, ref string) (string, error) {
	parsed, opts, err := e.remote(ctx, ref)
	if err != nil {
		return "", err
	}
	head, err := remote.Head(parsed, opts...)
	if err != nil {
		return "", remoteFailed("look up "+ref, err)
	}
	return head.Digest.String(), nil
}

// SetTag gives a manifest that is in a registry already one more tag there, by
// one PUT: what is tagged is exactly what has that digest.
func (e *Engine) SetTag(ctx context.Context, byDigest, tag string) error {
	parsed, opts, err := e.remote(ctx, byDigest)
	if err != nil {
		return err
	}
	manifest, err := remote.Get(parsed, opts...)
	if err != nil {
		return remoteFailed("read "+byDigest, err)
	}
	return remoteFailed("tag "+byDigest+" as "+tag, remote.Tag(parsed.Context().Tag(tag), manifest, opts...))
}

// remote prepares a call of the registry library.
func (e *Engine) remote(ctx context.Context, ref string) (name.Reference, []remote.Option, error) {
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return nil, nil, fault.New(fault.Usage, "write it as registry/repository:tag", "read image name %q: %w", ref, err)
	}
	auth, err := e.authenticator(ref)
	if err != nil {
		return nil, nil, err
	}
	patient := &patience.Transport{Next: remote.DefaultTransport}
	return parsed, []remote.Option{remote.WithContext(ctx), remote.WithAuth(auth), remote.WithTransport(patient)}, nil
}

func remoteFailed(doing string, err error) error {
	var answer *transport.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &answer):
	case answer.StatusCode == http.StatusNotFound:
		return fault.New(fault.Bad, "", "%s: %w", doing, ErrNotThere)
	case answer.StatusCode == http.StatusUnauthorized, answer.StatusCode == http.StatusForbidden:
		return fault.New(fault.Surroundings,
			"log in with docker login, or set "+UsernameVariable+" and "+PasswordVariable, "%s: %w", doing, ErrDenied)
	}
	return fault.Blame(fault.Network, fmt.Errorf("%s: %w", doing, err))
}

// Lookup asks the engine whether it reaches the registry of ref and finds the
// image there. It costs the registry one HEAD.
func (e *Engine) Lookup(ctx context.Context, ref string) error {
	auth, err := e.registryAuth(ref)
	if err != nil {
		return err
	}
	_, err = e.api.DistributionInspect(ctx, ref, auth)
	return e.refused("look up "+ref, err)
}
