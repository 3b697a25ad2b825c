package engine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
	"github.com/romanatrashyonok/kiln/internal/retry"
)

// Upload pushes an image or an index to its registry under a name, an index with all it
// names and last of all itself; and gives the digest, which was known before. What the
// registry has is not sent again.
func (e *Client) Upload(ctx context.Context, ref string, what imagebuild.Pushable) (digest string, err error) {
	parsed, opts, err := e.remote(ctx, ref)
	if err != nil {
		return "", err
	}
	err = remoteFailed("push "+ref, remote.Push(parsed, what, opts...))
	if errors.Is(err, ErrNotFound) {
		return "", fault.NewWithCause(fault.Network, "check the name; some registries need the repository created first", "push %s: the registry says that it does not know it", ref)
	}
	if err != nil {
		return "", err
	}
	return imagebuild.Digest(what)
}

// RemoteBase gives an image of a registry, for a platform as "linux/arm64", as one to
// compose on, and its name by digest. ErrNotThere is the error where the registry has
// none for that platform.
func (e *Client) RemoteBase(ctx context.Context, ref, platform string) (base imagebuild.Base, byDigest string, err error) {
	wanted, err := v1.ParsePlatform(platform)
	if err != nil {
		return base, "", fault.New(fault.Usage, "write it as linux/arm64", "read platform %q: %w", platform, err)
	}
	parsed, opts, err := e.remote(ctx, ref)
	if err != nil {
		return base, "", err
	}
	there, err := remote.Get(parsed, append(opts, remote.WithPlatform(*wanted))...)
	if err != nil {
		return base, "", remoteFailed("look up "+ref, err)
	}
	image, err := there.Image()
	if err != nil && strings.Contains(err.Error(), "no child with platform") { // of the index; the library has no type for it
		return base, "", noPlatform(ref, platform, err)
	}
	if err != nil {
		return base, "", remoteFailed("read "+ref+" for "+platform, err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		return base, "", remoteFailed("read "+ref+" for "+platform, err)
	}
	if config.OS != wanted.OS || config.Architecture != wanted.Architecture {
		return base, "", noPlatform(ref, platform, fmt.Errorf("it is for %s/%s", config.OS, config.Architecture))
	}
	digest, err := image.Digest()
	if err != nil {
		return base, "", remoteFailed("read "+ref+" for "+platform, err)
	}
	if base.Config, err = image.RawConfigFile(); err == nil {
		base.Layers, err = image.Layers()
	}
	return base, parsed.Context().Digest(digest.String()).String(), remoteFailed("read "+ref+" for "+platform, err)
}

// RemoteMade asks the registry when an image was made; of an index, the one for Linux on
// amd64.
func (e *Client) RemoteMade(ctx context.Context, ref string) (time.Time, error) {
	parsed, opts, err := e.remote(ctx, ref)
	if err != nil {
		return time.Time{}, err
	}
	image, err := remote.Image(parsed, opts...)
	if err != nil {
		return time.Time{}, remoteFailed("read "+ref, err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		return time.Time{}, remoteFailed("read "+ref, err)
	}
	return config.Created.Time, nil
}

// noPlatform says that a registry has an image, and not for a platform.
func noPlatform(ref, platform string, cause error) error {
	return fault.New(fault.Environment, "", "%s for %s: %w (%v)", ref, platform, ErrNotFound, cause)
}

// ErrNotFound is what RemoteDigest gives for a tag or digest that the registry
// does not have.
var ErrNotFound = errors.New("not in the registry")

// RemoteDigest asks the registry itself, by HEAD, which manifest a tag or a
// digest names.
func (e *Client) RemoteDigest(ctx context.Context, ref string) (string, error) {
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
func (e *Client) SetTag(ctx context.Context, byDigest, tag string) error {
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
func (e *Client) remote(ctx context.Context, ref string) (name.Reference, []remote.Option, error) {
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return nil, nil, fault.New(fault.Usage, "write it as registry/repository:tag", "read image name %q: %w", ref, err)
	}
	auth, err := e.authenticator(ref)
	if err != nil {
		return nil, nil, err
	}
	patient := &retry.Transport{Next: remote.DefaultTransport}
	return parsed, []remote.Option{remote.WithContext(ctx), remote.WithAuth(auth), remote.WithTransport(patient)}, nil
}

func remoteFailed(doing string, err error) error {
	var answer *transport.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &answer):
	case answer.StatusCode == http.StatusNotFound:
		return fault.New(fault.Failed, "", "%s: %w", doing, ErrNotFound)
	case answer.StatusCode == http.StatusUnauthorized, answer.StatusCode == http.StatusForbidden:
		return fault.New(fault.Environment,
			"log in with docker login, or set "+UsernameVariable+" and "+PasswordVariable, "%s: %w", doing, ErrDenied)
	}
	if answer != nil {
		err = fmt.Errorf("the registry answered %d %s: %w", answer.StatusCode, http.StatusText(answer.StatusCode), err)
	}
	return fault.WithCause(fault.Network, fmt.Errorf("%s: %w", doing, err))
}

// Lookup asks the engine whether it reaches the registry of ref and finds the
// image there. It costs the registry one HEAD.
func (e *Client) Lookup(ctx context.Context, ref string) error {
	auth, err := e.registryAuth(ref)
	if err != nil {
		return err
	}
	_, err = e.api.DistributionInspect(ctx, ref, auth)
	return e.refused("look up "+ref, err)
}
