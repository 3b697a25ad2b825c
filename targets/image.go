package targets

import (
	"context"

	"github.com/magefile/mage/mg"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/toolkit"
)

// Image holds the targets of the site image.
type Image mg.Namespace

// Build builds the site image; mage image is short for it.
func (Image) Build(ctx context.Context) error {
	return run(ctx, func(ctx context.Context, p *toolkit.Project) error { return second(p.Site().Build(ctx)) })
}

// Reproduce builds the site image a second time from its commit, and compares the digests.
func (Image) Reproduce(ctx context.Context) error {
	return run(ctx, func(ctx context.Context, p *toolkit.Project) error { return second(p.Site().Reproduce(ctx)) })
}

// Track reports whether the base image's tag has moved, and how old the locked base is.
func (Image) Track(ctx context.Context,
	fail *bool, // exit with code 1 if the tag has moved
) error {
	return run(ctx, func(ctx context.Context, p *toolkit.Project) error {
		status, err := p.Site().Track(ctx)
		if err == nil && status.Moved && value(fail) {
			err = fault.New(fault.Failed, "go tool mage image:update", "the base %s has moved", status.Base)
		}
		return err
	})
}

// Update moves base.lock.json to what the base image's tag resolves to now.
func (Image) Update(ctx context.Context) error {
	return run(ctx, func(ctx context.Context, p *toolkit.Project) error { return second(p.Site().Update(ctx)) })
}

// Verify runs the site image as in production and tests what it serves.
func Verify(ctx context.Context) error {
	return run(ctx, func(ctx context.Context, p *toolkit.Project) error { return second(p.Site().Verify(ctx)) })
}

// Push publishes the site image: verified, pulled back by digest, verified again, then tagged.
func Push(ctx context.Context) error {
	return run(ctx, func(ctx context.Context, p *toolkit.Project) error { return second(p.Site().Push(ctx)) })
}

// Serve runs the site image on this machine until Ctrl-C, and rebuilds it when a file changes.
func Serve(ctx context.Context) error {
	return run(ctx, func(ctx context.Context, p *toolkit.Project) error { return p.Site().Serve(ctx) })
}
