// Package publish pushes the site image to its repositories, pulls it back by digest,
// verifies that copy, and only then tags it: in all repositories or in none.
//
//	Image -> publication -> upload -> pull back -> (suite) -> tags
package publish

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/romanatrashyonok/kiln/internal/registry"
	"github.com/romanatrashyonok/kiln/internal/report"
	"github.com/romanatrashyonok/kiln/internal/site"
	"github.com/romanatrashyonok/kiln/internal/site/bundle"
)

// Schema names the format of push.json.
const Schema = "kiln/push/v1"

// Result is the result of a push: push.json.
type Result struct {
	Schema     string   `json:"schema"`
	Repository string   `json:"repository"`
	Mirrors    []string `json:"mirrors,omitempty"`   // repositories that have the same
	Digest     string   `json:"digest"`              // sha256:... of the manifest, or of the index, in the registry
	Platforms  []string `json:"platforms,omitempty"` // of the index
	LeftOut    []string `json:"left_out,omitempty"`  // platforms without a base
	Tags       []string `json:"tags"`                // that resolve to the digest now
	Verified   bool     `json:"verified"`            // by the copy that was pulled back
	Unchanged  bool     `json:"unchanged,omitempty"` // the tags resolved to the digest before, and nothing was sent
	Attempts   int      `json:"attempts"`
}

// Ref returns the immutable name of what was pushed: repository@sha256:...
func (r Result) Ref() string { return r.Repository + "@" + r.Digest }

// pusher is a push in progress.
type pusher struct {
	site.Site
	image  site.Image
	result Result
}

// Check returns the error of a push that would be refused in the end: uncommitted changes, and
// credentials that cannot be read.
func Check(ctx context.Context, s site.Site) error {
	if err := s.Publishable(); err != nil {
		return err
	}
	for _, repository := range append([]string{s.Settings.Repository}, s.Settings.Mirrors...) {
		if err := s.Registry.CheckCredentials(ctx, repository); err != nil {
			return fmt.Errorf("push to %s: %w", repository, err)
		}
	}
	return nil
}

// Push publishes a built image that has passed its suite: sent without a tag, pulled back
// by digest after the local copy was removed, verified a second time, and only then tagged,
// in all repositories or in none. Nothing is sent where the tags resolve to it already. The
// result is written to dist/push.json.
func Push(ctx context.Context, s site.Site, i site.Image) (Result, error) {
	p := &pusher{Site: s, image: i, result: Result{
		Schema: Schema, Repository: s.Settings.Repository, Mirrors: s.Settings.Mirrors, Tags: []string{},
	}}
	unlock, err := s.Engine.Acquire(ctx, i.Base.ID, "push-"+bundle.HashStrings(s.Settings.Repository)[:12], func(lock string) {
		s.Console.Logf("waiting for the run that is pushing to %s (if there is none: docker rm %s)", s.Settings.Repository, lock)
	})
	if err != nil {
		return p.result, err
	}
	defer unlock()
	pub, err := p.open(ctx)
	if err != nil {
		return p.result, err
	}
	defer pub.Close()
	p.result.Digest, p.result.Platforms, p.result.LeftOut = pub.digest, pub.platforms, pub.leftOut
	if err := p.push(ctx, pub); err != nil {
		return p.result, err
	}
	return p.result, report.Write(filepath.Join(s.Dist, "push.json"), p.result)
}

// repositories returns every repository that the image is pushed to.
func (p *pusher) repositories() []string {
	return append([]string{p.Settings.Repository}, p.Settings.Mirrors...)
}

// push sends, verifies and tags, unless the tags show that all of it was done before.
func (p *pusher) push(ctx context.Context, pub *publication) error {
	before, err := p.resolveTags(ctx)
	unknown := errors.Is(err, registry.ErrDenied) // some registries answer so for a repository that does not exist yet
	if err != nil && !unknown {
		return err
	}
	if err := p.checkMove(before); err != nil {
		return err
	}
	if !unknown && before.allAt(pub.digest) {
		p.result.Unchanged, p.result.Verified, p.result.Tags = true, true, p.Settings.Tags
		p.Console.Logf("push %s: nothing changed, its tags resolve to %s", p.Settings.Repository, pub.digest)
		return nil
	}
	for _, repository := range p.repositories() {
		if err := p.upload(ctx, repository+"@"+pub.digest, pub.what); err != nil {
			return err
		}
	}
	for _, repository := range p.repositories() {
		if err := p.pullBack(ctx, repository); err != nil {
			return err
		}
	}
	return p.tag(ctx, pub)
}

// tag moves the tags to what was pushed.
func (p *pusher) tag(ctx context.Context, pub *publication) error {
	before, err := p.resolveTags(ctx) // a second time: other machines may have pushed meanwhile
	if err != nil {
		return err
	}
	if err := p.checkMove(before); err != nil {
		return err
	}
	if err := p.moveTags(ctx, pub, before); err != nil {
		return err
	}
	p.result.Tags = p.Settings.Tags
	return nil
}
