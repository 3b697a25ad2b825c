package toolchain

import (
	"context"

	"github.com/romanatrashyonok/kiln/internal/base"
)

// Publish pushes an image to a repository, under the first digits of its identity as the tag,
// and returns its name there by digest.
func (i *Images) Publish(ctx context.Context, image Image, repo string) (byDigest string, err error) {
	ref := repo + ":" + image.Toolchain.Name + "-" + image.Toolchain.Identity()[:12]
	e := i.bases.Engine
	if err := e.Tag(ctx, image.ID, ref); err != nil {
		return "", err
	}
	defer e.RemoveImage(context.WithoutCancel(ctx), ref) // the name alone
	progress := i.bases.Console.Progress("push " + ref)
	digest, err := e.Push(ctx, ref)
	if err != nil {
		progress.End("failed")
		return "", err
	}
	progress.End("pushed " + digest)
	return base.ByDigest(ref, digest)
}
