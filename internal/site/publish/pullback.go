package publish

import (
	"context"
	"fmt"
)

// pullBack removes the local copy with all its names, pulls the image from a repository by
// digest, restores the names and runs the same suite on it.
func (p *pusher) pullBack(ctx context.Context, repository string) error {
	byDigest := repository + "@" + p.result.Digest
	old, err := p.Engine.FindImage(ctx, p.image.ID)
	if err != nil {
		return err
	}
	if err := p.Engine.RemoveImage(ctx, p.image.ID); err != nil {
		return fmt.Errorf("remove the local copy, to pull it back (stop what runs from it): %w", err)
	}
	if err := p.Engine.Pull(ctx, byDigest); err != nil {
		return fmt.Errorf("pull back what was pushed (go tool mage image builds the local copy again): %w", err)
	}
	for _, name := range old.Tags {
		if err := p.Engine.Tag(ctx, byDigest, name); err != nil {
			return err
		}
	}
	v, err := p.RunSuite(ctx, byDigest)
	if err != nil {
		return err
	}
	p.image.ID, p.result.Verified = v.ID, v.Failed == 0
	p.Console.Logf("pulled back from %s: %s", repository, v)
	return p.Failure(v)
}
