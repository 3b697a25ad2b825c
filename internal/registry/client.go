// Package registry reads and writes images in registries, without an engine (OCI
// distribution specification). Credentials come from docker's configuration, its
// credential helpers, or two variables.
package registry

import (
	"context"
	"errors"
	"net/http"
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
	Logf func(format string, args ...any) // logs each wait that a registry asks for; may be nil

	getenv    func(string) string
	host      string // the only registry that the variables' credentials are sent to; "" for any
	transport http.RoundTripper
}

// New returns a client that reads UsernameVariable and PasswordVariable by getenv, and
// sends them only to the registry of repository; "" means any registry. A repository
// that is no valid name counts as "".
func New(getenv func(string) string, repository string) *Client {
	transport := remote.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = retry.Proxy
	c := &Client{getenv: getenv, transport: transport}
	if repository != "" {
		c.host, _ = hostOf(repository)
	}
	return c
}

// Upload pushes an image or an index under the name ref, the contents first and the
// manifest last, and returns its digest, "sha256:...". What the registry has already is
// not sent.
func (c *Client) Upload(ctx context.Context, ref string, what imagebuild.Pushable) (digest string, err error) {
	q, err := c.request(ctx, ref)
	if err != nil {
		return "", err
	}
	err = q.failed("push "+ref, remote.Push(q.ref, what, q.opts...))
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
	q, err := c.request(ctx, ref)
	if err != nil {
		return "", err
	}
	head, err := remote.Head(q.ref, q.opts...)
	if err != nil {
		return "", q.failed("look up "+ref, err)
	}
	return head.Digest.String(), nil
}

// Created returns when an image was created; for an index, the image for linux/amd64.
func (c *Client) Created(ctx context.Context, ref string) (time.Time, error) {
	q, err := c.request(ctx, ref)
	if err != nil {
		return time.Time{}, err
	}
	image, err := remote.Image(q.ref, q.opts...)
	if err != nil {
		return time.Time{}, q.failed("read "+ref, err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		return time.Time{}, q.failed("read "+ref, err)
	}
	return config.Created.Time, nil
}

// SetTag sets a tag to a manifest of the same repository, by one PUT: the tag then names
// exactly what has that digest. byDigest is "repository@sha256:...". The error is
// ErrNotFound where the repository does not have the manifest, and ErrRefused where the
// registry keeps the tag, as one whose tags are immutable.
func (c *Client) SetTag(ctx context.Context, byDigest, tag string) error {
	q, err := c.request(ctx, byDigest)
	if err != nil {
		return err
	}
	manifest, err := remote.Get(q.ref, q.opts...)
	if err != nil {
		return q.failed("read "+byDigest, err)
	}
	err = remote.Tag(q.ref.Context().Tag(tag), manifest, q.opts...)
	return q.tagFailed("tag "+byDigest+" as "+tag, err)
}

// request is a call of the registry library in preparation.
type request struct {
	client *Client
	ref    name.Reference
	used   Credentials
	opts   []remote.Option
}

func (c *Client) request(ctx context.Context, ref string) (request, error) {
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return request{}, badName(ref, err)
	}
	used, err := c.Credentials(ctx, ref)
	if err != nil {
		return request{}, err
	}
	transport := &retry.Transport{Next: c.transport, Logf: c.Logf}
	return request{client: c, ref: parsed, used: used, opts: []remote.Option{
		remote.WithContext(ctx), remote.WithAuth(used.authenticator()), remote.WithTransport(transport),
	}}, nil
}
