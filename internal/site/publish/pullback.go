package publish

import (
	"context"
	"fmt"
)

// pullBack removes the local copy with all its names, pulls the image from a repository by
// digest, restores the tags and runs the same suite on it.
func (p *pusher) pullBack(ctx context.Context, repository string) error {
	byDigest := repository + "@" + p.result.Digest
	tags, gone, err := p.Engine.Evict(ctx, p.image.ID)
	if err != nil {
		return fmt.Errorf("remove the local copy, to pull it back: %w", err)
	}
	if !gone {
		p.Console.Logf("the local copy stays, since something else uses it")
	}
	if err := p.Engine.Pull(ctx, byDigest); err != nil {
		return fmt.Errorf("pull back what was pushed (go tool mage image builds the local copy again): %w", err)
	}
	for _, tag := range tags {
		if err := p.Engine.Tag(ctx, byDigest, tag); err != nil {
			return err
		}
	}
	v, err := p.RunSuite(ctx, byDigest, p.image.Base)
	if err != nil {
		return err
	}
	p.image.ID, p.result.Verified = v.ID, v.Failed == 0
	p.Console.Logf("pulled back from %s: %s", repository, v)
	return p.Failure(v)
}
