package site

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/registry"
)

// tagRef is a tag in a repository, and what it names.
type tagRef struct {
	repository, tag string
	digest          string // "" where there is no such tag
}

func (l tagRef) String() string { return l.repository + ":" + l.tag }

// tagRefs are all tags in all repositories.
type tagRefs []tagRef

// resolveTags asks the registries what the tags name now: one request each.
func (s Site) resolveTags(ctx context.Context, repositories []string) (list tagRefs, err error) {
	for _, repository := range repositories {
		for _, tag := range s.Settings.Tags {
			l := tagRef{repository: repository, tag: tag}
			l.digest, err = s.Registry.Digest(ctx, l.String())
			if err != nil && !errors.Is(err, registry.ErrNotFound) {
				return nil, err
			}
			list = append(list, l)
		}
	}
	return list, nil
}

// allName tells whether every tag names a digest.
func (l tagRefs) allName(digest string) bool {
	for _, each := range l {
		if each.digest != digest {
			return false
		}
	}
	return true
}

// mayMove refuses to give a version that is out another content.
func (s Site) mayMove(before tagRefs, digest string) error {
	for _, each := range before {
		if s.immutable(each.tag) && each.digest != "" && each.digest != digest {
			return fault.New(fault.Usage, "use a new tag for the changed image",
				"push %s: the tag names %s already, and such a tag is never moved (to %s)", each, each.digest, digest)
		}
	}
	return nil
}

// publish sets the tags, each by one request, and asks the registry whether it took
// them. Where one fails, those that were moved are moved back.
func (s Site) publish(ctx context.Context, before tagRefs, digest string) error {
	for n, l := range before {
		if err := s.Registry.SetTag(ctx, l.repository+"@"+digest, l.tag); err != nil {
			moved := before[:n]
			if there, asked := s.Registry.Digest(context.WithoutCancel(ctx), l.String()); asked == nil && there == digest {
				moved = before[:n+1] // it was taken, and the answer was lost
			}
			return s.rollback(ctx, moved, err)
		}
		if err := s.awaitDigest(ctx, l.String(), digest); err != nil {
			return s.rollback(ctx, before[:n+1], err)
		}
	}
	return nil
}

// rollback has the tags that were moved name again what they named before. One that was
// new cannot be taken away from every registry: it is named.
func (s Site) rollback(ctx context.Context, moved tagRefs, cause error) error {
	ctx = context.WithoutCancel(ctx)
	var left []string
	for _, l := range moved {
		if l.digest == "" || s.Registry.SetTag(ctx, l.repository+"@"+l.digest, l.tag) != nil {
			left = append(left, l.String())
		}
	}
	if len(left) == 0 {
		return fmt.Errorf("no tag was left moved: %w", cause)
	}
	return fault.New(fault.Environment, "push again once the registry works: that sets all tags",
		"%w\nthese tags name the new image, which has passed: %s", cause, strings.Join(left, ", "))
}
