// Package base gets the images that others are built on, from the first place
// that has them: the engine's own store, the registry, or this machine, which
// makes one from the distribution's signed packages (bootstrap). Which of them
// served is said in the log and returned, so that no image is silently something
// else than its name says.
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
	"github.com/romanatrashyonok/kiln/internal/report"
)

// The places that a base comes from, as documents record them.
const (
	FromStore     = "store"
	FromRegistry  = "registry"
	FromBootstrap = "bootstrap"
)

// lookupTimeout bounds the question whether the registry has an image: a
// network that swallows packets must not hold a build for minutes.
const lookupTimeout = 8 * time.Second

// bootstrapMaxAge is how long a stand-in serves before the registry is asked again for
// the real one: that question may cost seconds, and every run would ask it.
const bootstrapMaxAge = 24 * time.Hour

// Image is a base that is in the engine's store now.
type Image struct {
	Ref  string `json:"ref"`  // the name that builds use
	ID   string `json:"id"`   // sha256:...
	From string `json:"from"` // FromStore, FromRegistry or FromBootstrap
}

// bootstrapper makes a stand-in for an image on this machine.
type bootstrapper struct {
	tag  string // the stand-in's own name: it never takes the name of what it stands in for
	make func(context.Context, *engine.Client, *report.Console) error
}

// Get gives the image ref from the engine's store, else from its registry, else
// bootstrapped. Bootstrap knows Debian and Nginx images.
func Get(ctx context.Context, e *engine.Client, ref string, c *report.Console) (Image, error) {
	return Pinned(ctx, e, ref, "", c)
}

// Pinned is Get for an image that is locked to a digest, sha256:...: another of that name
// is not taken from a registry, or from a store that got it from there. "" locks nothing.
func Pinned(ctx context.Context, e *engine.Client, ref, digest string, c *report.Console) (Image, error) {
	found, err := e.FindImage(ctx, ref)
	if err == nil && satisfiesPin(found, digest) {
		return Image{Ref: ref, ID: found.ID, From: FromStore}, nil
	}
	if err != nil && !errors.Is(err, engine.ErrNoImage) {
		return Image{}, err
	}
	how, noRecipe := bootstrapperFor(ref)
	if noRecipe == nil && digest == "" { // a lock may be newer than the stand-in
		if made, err := e.FindImage(ctx, how.tag); err == nil && time.Since(made.Tagged) < bootstrapMaxAge {
			return bootstrapped(ref, how, made, c), nil
		}
	}
	pullErr := pull(ctx, e, ref, digest, c)
	if pullErr == nil {
		found, err := e.FindImage(ctx, ref)
		return Image{Ref: ref, ID: found.ID, From: FromRegistry}, err
	}
	if ctx.Err() != nil {
		return Image{}, ctx.Err()
	}
	if noRecipe != nil {
		return Image{}, fault.New(fault.Environment, "connect to the registry, or load the image: docker load",
			"get base image %s: the engine does not have it, its registry cannot be reached (%v), and %v", ref, pullErr, noRecipe)
	}
	return bootstrap(ctx, e, ref, how, pullErr, c)
}

// ByDigest names an image by its digest instead of its tag: registry/repository@sha256:...
func ByDigest(ref, digest string) (string, error) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return "", fault.New(fault.Usage, "write it as registry/repository:tag", "read image name %q: %w", ref, err)
	}
	return reference.TrimNamed(named).String() + "@" + digest, nil
}

// satisfiesPin tells whether an image of the store can be the locked one: an image that came
// from no registry has no digest to compare.
func satisfiesPin(found engine.Image, digest string) bool {
	return digest == "" || len(found.Digests) == 0 ||
		slices.ContainsFunc(found.Digests, func(d string) bool { return strings.HasSuffix(d, "@"+digest) })
}

// pull fetches ref, by its digest where it has one, if its registry answers within
// seconds that it has it.
func pull(ctx context.Context, e *engine.Client, ref, digest string, c *report.Console) error {
	from := ref
	if digest != "" {
		var err error
		if from, err = ByDigest(ref, digest); err != nil {
			return err
		}
	}
	short, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	if err := e.Lookup(short, from); err != nil {
		return err
	}
	progress := c.Progress("pull " + from)
	if err := e.Pull(ctx, from); err != nil {
		progress.End("failed")
		return err
	}
	progress.End("pulled")
	if from == ref {
		return nil
	}
	return e.Tag(ctx, from, ref)
}

// bootstrap gives the stand-in for ref, which cannot be pulled, and makes it unless it is
// there. From then on it serves for a day.
func bootstrap(ctx context.Context, e *engine.Client, ref string, how bootstrapper, why error, c *report.Console) (Image, error) {
	found, err := e.FindImage(ctx, how.tag)
	if errors.Is(err, engine.ErrNoImage) {
		c.Logf("base %s: not in the engine, and it cannot be pulled (%v); making %s from Debian's packages", ref, why, how.tag)
		if err := how.make(ctx, e, c); err != nil {
			return Image{}, err
		}
		found, err = e.FindImage(ctx, how.tag)
	}
	if err == nil {
		err = e.Tag(ctx, found.ID, how.tag)
	}
	if err != nil {
		return Image{}, err
	}
	return bootstrapped(ref, how, found, c), nil
}

// bootstrapped says that a bootstrapped image serves, and gives it.
func bootstrapped(ref string, how bootstrapper, found engine.Image, c *report.Console) Image {
	c.LogOnce("base %s: bootstrapped as %s, made %s", ref, how.tag, found.Created.Format("2006-01-02"))
	return Image{Ref: how.tag, ID: found.ID, From: FromBootstrap}
}

// bootstrapperFor chooses how an image can be made here, by the last part of its name.
func bootstrapperFor(ref string) (bootstrapper, error) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return bootstrapper{}, err
	}
	switch name := path.Base(reference.Path(named)); {
	case strings.HasPrefix(name, "debian"):
		return bootstrapper{tag: debianTag, make: makeDebian}, nil
	case strings.HasPrefix(name, "nginx"):
		return bootstrapper{tag: nginxTag, make: makeNginx}, nil
	}
	return bootstrapper{}, fmt.Errorf("no bootstrap makes it: that knows debian and nginx")
}
