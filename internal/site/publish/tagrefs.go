package publish

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/registry"
	"github.com/romanatrashyonok/kiln/internal/site"
)

// tagRef is a tag in a repository, and what it resolves to.
type tagRef struct {
	repository, tag string
	digest          string // "" where there is no such tag
}

func (r tagRef) String() string { return r.repository + ":" + r.tag }

// tagRefs are all tags in all repositories.
type tagRefs []tagRef

// resolveTags asks the registries what the tags resolve to now: one request each.
func (p *pusher) resolveTags(ctx context.Context) (list tagRefs, err error) {
	for _, repository := range p.repositories() {
		for _, tag := range p.Settings.Tags {
			r := tagRef{repository: repository, tag: tag}
			r.digest, err = p.Registry.Digest(ctx, r.String())
			if err != nil && !errors.Is(err, registry.ErrNotFound) {
				return nil, err
			}
			list = append(list, r)
		}
	}
	return list, nil
}

// allAt reports whether every tag resolves to a digest.
func (l tagRefs) allAt(digest string) bool {
	for _, r := range l {
		if r.digest != digest {
			return false
		}
	}
	return true
}

// checkMove returns a usage error where an immutable tag would be moved.
func (p *pusher) checkMove(before tagRefs) error {
	for _, r := range before {
		if site.IsImmutableTag(r.tag, p.Commit) && r.digest != "" && r.digest != p.result.Digest {
			return fault.New(fault.Usage, "publish what has changed under a new version",
				"push %s: the tag resolves to %s, and a version is never moved (to %s)", r, r.digest, p.result.Digest)
		}
	}
	return nil
}

// moveTags sets the tags, each in one request, and checks that the registry took it. Where
// one fails, those that were moved are moved back.
func (p *pusher) moveTags(ctx context.Context, before tagRefs) error {
	for n, r := range before {
		if err := p.Registry.SetTag(ctx, r.repository+"@"+p.result.Digest, r.tag); err != nil {
			moved := before[:n]
			if got, asked := p.Registry.Digest(context.WithoutCancel(ctx), r.String()); asked == nil && got == p.result.Digest {
				moved = before[:n+1] // the registry set it, and its answer was lost
			}
			return p.rollback(ctx, moved, err)
		}
		if err := p.awaitDigest(ctx, r.String()); err != nil {
			return p.rollback(ctx, before[:n+1], err)
		}
	}
	return nil
}

// rollback moves tags back to what they resolved to before. A newly created tag cannot be
// deleted on every registry; it is reported instead.
func (p *pusher) rollback(ctx context.Context, moved tagRefs, cause error) error {
	ctx = context.WithoutCancel(ctx)
	var left []string
	for _, r := range moved {
		if r.digest == "" || p.Registry.SetTag(ctx, r.repository+"@"+r.digest, r.tag) != nil {
			left = append(left, r.String())
		}
	}
	if len(left) == 0 {
		return fmt.Errorf("every tag resolves to what it did before: %w", cause)
	}
	return fault.New(fault.Environment, "push again once the registry works: that sets all of them",
		"%w\nthese tags resolve to the new image, which is verified: %s", cause, strings.Join(left, ", "))
}
