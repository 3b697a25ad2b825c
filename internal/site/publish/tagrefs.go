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

// toMove returns the tags that do not resolve to a digest, those that exist first.
func (l tagRefs) toMove(digest string) tagRefs {
	var existing, missing tagRefs
	for _, r := range l {
		switch r.digest {
		case digest:
		case "":
			missing = append(missing, r)
		default:
			existing = append(existing, r)
		}
	}
	return append(existing, missing...)
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

// moveTags sets the tags that do not resolve to the new image, each in one request, and checks
// that the registry took it. Where one fails, those that were moved are moved back. Tags that
// exist come first, since a registry may keep them: then no new one was created.
func (p *pusher) moveTags(ctx context.Context, pub *publication, before tagRefs) error {
	before = before.toMove(p.result.Digest)
	for n, r := range before {
		if err := p.setTag(ctx, pub, r); err != nil {
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

// setTag sets a tag. A registry that collects manifests without a tag may have removed the
// image meanwhile: then what it lacks is sent again, under the tag.
func (p *pusher) setTag(ctx context.Context, pub *publication, r tagRef) error {
	err := p.Registry.SetTag(ctx, r.repository+"@"+p.result.Digest, r.tag)
	if errors.Is(err, registry.ErrNotFound) {
		p.Console.Logf("push %s: the registry no longer has %s, which had no tag; sending it again", r, p.result.Digest)
		_, err = p.Registry.Upload(ctx, r.String(), pub.what)
	}
	const fix = "publish under a tag that is new each time, as {version} or {commit}; or allow the registry to overwrite tags"
	switch {
	case r.digest == "":
		return err
	case errors.Is(err, registry.ErrRefused):
		return fault.New(fault.Usage, fix, "push %s: the tag resolves to %s, and the registry does not move it to %s: %v", r, r.digest, p.result.Digest, err)
	case errors.Is(err, registry.ErrDenied): // some registries answer so for an immutable tag
		return fmt.Errorf("%w\nif the tags of this repository are immutable: %s", err, fix)
	}
	return err
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
	return fault.New(fault.Class(fault.Code(cause)), "push again once the cause is fixed: that sets all of them",
		"%w\nthese tags resolve to the new image, which is verified: %s", cause, strings.Join(left, ", "))
}
