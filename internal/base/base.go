// Package base gets base images from the first place that has them: the engine's store, the
// registry, or bootstrap, which builds one on this machine from the distribution's signed
// packages. The place is logged and returned, so that no image is silently something other
// than its name says.
package base

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/distribution/reference"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/registry"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// The places that a base can come from, as documents record them.
const (
	FromStore     = "store"
	FromRegistry  = "registry"
	FromBootstrap = "bootstrap"
)

// lookupTimeout bounds the look-up in the registry: a network that drops packets must not
// delay a build for minutes.
const lookupTimeout = 8 * time.Second

// bootstrapMaxAge is how long a bootstrapped image is used before the next look-up in the
// registry, which may take seconds in every run.
const bootstrapMaxAge = 24 * time.Hour

// Image is a base image in the engine's store.
type Image struct {
	Ref  string `json:"ref"`  // the name for builds
	ID   string `json:"id"`   // sha256:...
	From string `json:"from"` // FromStore, FromRegistry or FromBootstrap
}

// Provider gets base images into the store of an engine.
type Provider struct {
	Engine  *engine.Client
	Console *report.Console
	Environ []string // environment of mmdebstrap, as NAME=value
}

// bootstrapper builds a replacement for an image on this machine.
type bootstrapper struct {
	tag   string // of the replacement: it never takes the name of the image it replaces
	build func(Provider, context.Context) error
}

// Get returns the image ref from the engine's store, else from its registry, else
// bootstrapped, which only Debian and Nginx images can be. An image that nothing has is an
// error of class fault.Environment.
func (p Provider) Get(ctx context.Context, ref string) (Image, error) {
	return p.Pinned(ctx, ref, "")
}

// Pinned is Get for an image that is pinned to a digest, "sha256:...": an image of that name
// with a different digest in its registry is not used. "" pins nothing.
func (p Provider) Pinned(ctx context.Context, ref, digest string) (Image, error) {
	found, err := p.Engine.FindImage(ctx, ref)
	if err == nil && satisfiesPin(found, digest) {
		return Image{Ref: ref, ID: found.ID, From: FromStore}, nil
	}
	if err != nil && !errors.Is(err, engine.ErrNoImage) {
		return Image{}, err
	}
	b, unsupported := bootstrapperFor(ref)
	if unsupported == nil && digest == "" { // a pin may be newer than the bootstrapped image
		if found, err := p.Engine.FindImage(ctx, b.tag); err == nil && time.Since(found.Tagged) < bootstrapMaxAge {
			return p.bootstrapped(ref, b, found), nil
		}
	}
	pullErr := p.pull(ctx, ref, digest)
	if pullErr == nil {
		found, err := p.Engine.FindImage(ctx, ref)
		return Image{Ref: ref, ID: found.ID, From: FromRegistry}, err
	}
	if ctx.Err() != nil {
		return Image{}, ctx.Err()
	}
	if errors.Is(pullErr, registry.ErrCredentials) { // which its user can fix: no reason to take something else
		return Image{}, fmt.Errorf("get base image %s: %w", ref, pullErr)
	}
	if unsupported != nil {
		return Image{}, fault.New(fault.Environment, "connect to the registry, or load the image: docker load",
			"get base image %s: not in the engine, cannot be pulled (%v), and %w", ref, pullErr, unsupported)
	}
	return p.bootstrap(ctx, ref, b, pullErr)
}

// ByDigest returns the name of an image by digest instead of tag:
// registry/repository@sha256:...
func ByDigest(ref, digest string) (string, error) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return "", fault.New(fault.Usage, "write it as registry/repository:tag", "read image name %q: %w", ref, err)
	}
	return reference.TrimNamed(named).String() + "@" + digest, nil
}

// satisfiesPin reports whether an image of the store can be the pinned one. One that came
// from no registry has no digest to compare.
func satisfiesPin(found engine.Image, digest string) bool {
	return digest == "" || len(found.Digests) == 0 ||
		slices.ContainsFunc(found.Digests, func(d string) bool { return strings.HasSuffix(d, "@"+digest) })
}

// pull fetches ref, by digest if it is pinned, provided that the registry confirms within
// seconds that it has it.
func (p Provider) pull(ctx context.Context, ref, digest string) error {
	source := ref
	if digest != "" {
		var err error
		if source, err = ByDigest(ref, digest); err != nil {
			return err
		}
	}
	short, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	if err := p.Engine.Lookup(short, source); err != nil {
		return err
	}
	progress := p.Console.Progress("pull " + source)
	if err := p.Engine.Pull(ctx, source); err != nil {
		progress.End("failed")
		return err
	}
	progress.End("pulled")
	if source == ref {
		return nil
	}
	return p.Engine.Tag(ctx, source, ref)
}

// bootstrap returns the replacement for ref, which cannot be pulled, and builds it unless it
// exists. Tagging it starts its bootstrapMaxAge.
func (p Provider) bootstrap(ctx context.Context, ref string, b bootstrapper, pullErr error) (Image, error) {
	found, err := p.Engine.FindImage(ctx, b.tag)
	if errors.Is(err, engine.ErrNoImage) {
		p.Console.Logf("base %s: not in the engine, and cannot be pulled (%v); bootstrapping %s from Debian's packages", ref, pullErr, b.tag)
		if err := b.build(p, ctx); err != nil {
			return Image{}, err
		}
		found, err = p.Engine.FindImage(ctx, b.tag)
	}
	if err == nil {
		err = p.Engine.Tag(ctx, found.ID, b.tag)
	}
	if err != nil {
		return Image{}, err
	}
	return p.bootstrapped(ref, b, found), nil
}

// bootstrapped logs that a bootstrapped image is used, and returns it.
func (p Provider) bootstrapped(ref string, b bootstrapper, found engine.Image) Image {
	p.Console.LogOnce("base %s: bootstrapped as %s, created %s", ref, b.tag, found.Created.Format("2006-01-02"))
	return Image{Ref: b.tag, ID: found.ID, From: FromBootstrap}
}

// bootstrapperFor returns the bootstrapper for an image, by the last part of its name.
func bootstrapperFor(ref string) (bootstrapper, error) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return bootstrapper{}, err
	}
	switch name := path.Base(reference.Path(named)); {
	case strings.HasPrefix(name, "debian"):
		return bootstrapper{tag: debianTag, build: Provider.buildDebian}, nil
	case strings.HasPrefix(name, "nginx"):
		return bootstrapper{tag: nginxTag, build: Provider.buildNginx}, nil
	}
	return bootstrapper{}, fmt.Errorf("cannot bootstrap %s: only debian and nginx bases are supported", ref)
}
