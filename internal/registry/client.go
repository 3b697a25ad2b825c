// Package registry reads and writes images in registries, without an engine (OCI
// distribution specification). Credentials come from docker's configuration, its
// credential helpers, or two variables.
package registry

import (
	"context"
	"errors"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
	"github.com/romanatrashyonok/kiln/internal/retry"
)

// Client talks to registries with the credentials of this machine's user. It is safe for
// concurrent use.
type Client struct {
	getenv func(string) string
	host   string // the only registry that the variables' credentials are sent to; "" for any
}

// New returns a client that reads UsernameVariable and PasswordVariable by getenv, and
// sends them only to the registry of repository; "" means any registry. A repository
// that is no valid name counts as "".
func New(getenv func(string) string, repository string) *Client {
	c := &Client{getenv: getenv}
	if repository != "" {
		c.host, _ = hostOf(repository)
	}
	return c
}

// Upload pushes an image or an index under the name ref, the contents first and the
// manifest last, and returns its digest, "sha256:...". What the registry has already is
// not sent.
func (c *Client) Upload(ctx context.Context, ref string, what imagebuild.Pushable) (digest string, err error) {
	parsed, opts, err := c.remote(ctx, ref)
	if err != nil {
		return "", err
	}
	err = failed("push "+ref, remote.Push(parsed, what, opts...))
	if errors.Is(err, ErrNotFound) {
		return "", fault.NewWithCause(fault.Network, "create the repository, if the registry requires that", "push %s: unknown to the registry", ref)
	}
	if err != nil {
		return "", err
	}
	return imagebuild.Digest(what)
}

// Digest returns the digest, "sha256:...", of the manifest that ref names, by one HEAD.
// The error is ErrNotFound where the registry does not have it.
func (c *Client) Digest(ctx context.Context, ref string) (string, error) {
	parsed, opts, err := c.remote(ctx, ref)
	if err != nil {
		return "", err
	}
	head, err := remote.Head(parsed, opts...)
	if err != nil {
		return "", failed("look up "+ref, err)
	}
	return head.Digest.String(), nil
}

// Created returns when an image was created; for an index, the image for linux/amd64.
func (c *Client) Created(ctx context.Context, ref string) (time.Time, error) {
	parsed, opts, err := c.remote(ctx, ref)
	if err != nil {
		return time.Time{}, err
	}
	image, err := remote.Image(parsed, opts...)
	if err != nil {
		return time.Time{}, failed("read "+ref, err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		return time.Time{}, failed("read "+ref, err)
	}
	return config.Created.Time, nil
}

// SetTag sets a tag to a manifest of the same repository, by one PUT: the tag then names
// exactly what has that digest. byDigest is "repository@sha256:...".
func (c *Client) SetTag(ctx context.Context, byDigest, tag string) error {
	parsed, opts, err := c.remote(ctx, byDigest)
	if err != nil {
		return err
	}
	manifest, err := remote.Get(parsed, opts...)
	if err != nil {
		return failed("read "+byDigest, err)
	}
	return failed("tag "+byDigest+" as "+tag, remote.Tag(parsed.Context().Tag(tag), manifest, opts...))
}

// remote prepares a call of the registry library.
func (c *Client) remote(ctx context.Context, ref string) (name.Reference, []remote.Option, error) {
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return nil, nil, badName(ref, err)
	}
	auth, err := c.authenticator(ref)
	if err != nil {
		return nil, nil, err
	}
	transport := &retry.Transport{Next: remote.DefaultTransport}
	return parsed, []remote.Option{remote.WithContext(ctx), remote.WithAuth(auth), remote.WithTransport(transport)}, nil
}
