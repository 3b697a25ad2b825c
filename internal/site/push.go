package site

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
	"github.com/romanatrashyonok/kiln/internal/registry"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// PushSchema names the form of push.json.
const PushSchema = "kiln/push/v1"

// stagingTag is what an image is called in the registry until it has passed. One
// name for all: each push moves it.
const stagingTag = "kiln-staging"

// pushTries bounds how often a push is begun that the surroundings broke off.
const pushTries = 4

// propagationTimeout bounds the wait for a registry to find what it has just accepted.
const propagationTimeout = 15 * time.Second

// Push is a push: push.json.
type Push struct {
	Schema     string   `json:"schema"`
	Repository string   `json:"repository"`
	Mirrors    []string `json:"mirrors,omitempty"`   // that have the same
	Digest     string   `json:"digest"`              // sha256:... of the manifest, or of the index, in the registry
	Platforms  []string `json:"platforms,omitempty"` // of the index
	LeftOut    []string `json:"left_out,omitempty"`  // platforms whose base is nowhere
	Tags       []string `json:"tags"`                // that name it there now
	Verified   bool     `json:"verified"`            // by the copy that was pulled back
	Unchanged  bool     `json:"unchanged,omitempty"` // the tags named it already, and nothing was sent
	Attempts   int      `json:"attempts"`
}

// Ref is the name that can never mean anything else: repository@sha256:...
func (p Push) Ref() string { return p.Repository + "@" + p.Digest }

// repositories are all places that the image is pushed to.
func (p Push) repositories() []string { return append([]string{p.Repository}, p.Mirrors...) }

// Push publishes a built image that has passed its suite: under a staging name,
// pulled back by digest into an engine that has forgotten it, proven again, and
// only then tagged, in all repositories or in none. Nothing is tagged that did not pass,
// and nothing is sent where the tags name it already. dist/push.json.
func (s Site) Push(ctx context.Context, i Image) (Push, error) {
	p := Push{Schema: PushSchema, Repository: s.Settings.Repository, Mirrors: s.Settings.Mirrors, Tags: []string{}}
	unlock, err := s.Engine.Acquire(ctx, i.Base.ID, "push-"+hashStrings(p.Repository)[:12], func(lock string) {
		s.Console.Logf("another run pushes to %s: waiting (if there is none: docker rm %s)", p.Repository, lock)
	})
	if err != nil {
		return p, err
	}
	defer unlock()
	err = s.withPublication(ctx, i, func(g publication) error {
		p.Digest, p.Platforms, p.LeftOut = g.digest, g.platforms, g.leftOut
		return s.push(ctx, i, g.what, &p)
	})
	if err != nil {
		return p, err
	}
	return p, report.Write(filepath.Join(s.Dist, "push.json"), p)
}

// push sends, proves and tags, unless the tags say that all of that was done.
func (s Site) push(ctx context.Context, i Image, what imagebuild.Pushable, p *Push) error {
	before, err := s.resolveTags(ctx, p.repositories())
	unknown := errors.Is(err, registry.ErrDenied) // so some registries say that a repository has no tag yet
	if err != nil && !unknown {
		return err
	}
	if err := s.mayMove(before, p.Digest); err != nil {
		return err
	}
	if !unknown && before.allName(p.Digest) {
		p.Unchanged, p.Verified, p.Tags = true, true, s.Settings.Tags
		s.Console.Logf("push %s: nothing changed, %s is what its tags name", p.Repository, p.Digest)
		return nil
	}
	for _, repository := range p.repositories() {
		if err := s.upload(ctx, repository+":"+stagingTag, what, p); err != nil {
			return err
		}
	}
	for _, repository := range p.repositories() {
		if i.ID, err = s.pullBack(ctx, i, repository, p); err != nil {
			return err
		}
	}
	if before, err = s.resolveTags(ctx, p.repositories()); err != nil { // others may push from other machines
		return err
	}
	if err := s.mayMove(before, p.Digest); err != nil {
		return err
	}
	if err := s.publish(ctx, before, p.Digest); err != nil {
		return err
	}
	p.Tags = s.Settings.Tags
	return nil
}

// upload pushes, again where the surroundings broke it off, and waits until the registry
// finds what it took. Wrong credentials do not get better by waiting.
func (s Site) upload(ctx context.Context, ref string, what imagebuild.Pushable, p *Push) error {
	progress := s.Console.Progress("push " + ref)
	_, err := backoff.Retry(ctx, func() (string, error) {
		p.Attempts++
		digest, err := s.Registry.Upload(ctx, ref, what)
		if err != nil && (errors.Is(err, registry.ErrDenied) || fault.Code(err) != int(fault.Environment)) {
			return "", backoff.Permanent(err)
		}
		return digest, err
	}, backoff.WithMaxTries(pushTries))
	if err == nil {
		err = s.awaitDigest(ctx, ref, p.Digest)
	}
	if err != nil {
		progress.End("failed")
		var permanent *backoff.PermanentError
		if errors.As(err, &permanent) {
			return permanent.Unwrap()
		}
		return err
	}
	progress.End("pushed " + p.Digest)
	return nil
}

// errMoved is that a name means another digest than the one it was given.
var errMoved = errors.New("the name means another image")

// awaitDigest waits until a registry says that a name means a digest: one may find what it took
// only after a moment, or say for a moment what the name meant before.
func (s Site) awaitDigest(ctx context.Context, ref, digest string) error {
	there, err := backoff.Retry(ctx, func() (string, error) {
		there, err := s.Registry.Digest(ctx, ref)
		switch {
		case err != nil && !errors.Is(err, registry.ErrNotFound):
			return there, backoff.Permanent(err)
		case err == nil && there != digest:
			err = errMoved
		}
		return there, err
	}, backoff.WithMaxElapsedTime(propagationTimeout))
	var permanent *backoff.PermanentError
	switch {
	case errors.As(err, &permanent):
		return permanent.Unwrap()
	case errors.Is(err, errMoved):
		return fault.New(fault.Environment, "push again; make sure that nobody else pushes to this repository", "push %s: the registry has %s, expected %s", ref, there, digest)
	case errors.Is(err, registry.ErrNotFound):
		return fault.New(fault.Environment, "push again", "push %s: the registry accepted it, and does not find it %s later", ref, propagationTimeout)
	}
	return err
}

// pullBack removes the local copy with all its names, pulls the image by its digest,
// gives it its names again and proves it with the same suite. It gives the pulled one's id.
func (s Site) pullBack(ctx context.Context, i Image, repository string, p *Push) (string, error) {
	byDigest := repository + "@" + p.Digest
	old, err := s.Engine.FindImage(ctx, i.ID)
	if err != nil {
		return "", err
	}
	if err := s.Engine.RemoveImage(ctx, i.ID); err != nil {
		return "", fmt.Errorf("forget the local copy, to pull it back (stop what runs from it): %w", err)
	}
	if err := s.Engine.Pull(ctx, byDigest); err != nil {
		return "", fmt.Errorf("pull back what was pushed (go tool mage image builds the local copy again): %w", err)
	}
	for _, name := range old.Tags {
		if err := s.Engine.Tag(ctx, byDigest, name); err != nil {
			return "", err
		}
	}
	v, err := s.verify(ctx, byDigest)
	if err != nil {
		return "", err
	}
	p.Verified = v.Failed == 0
	s.Console.Logf("pulled back from %s: %s", repository, v)
	return v.ID, v.err()
}
