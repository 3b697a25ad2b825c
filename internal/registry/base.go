package registry

import (
	"context"
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
)

// Base returns a registry's image for a platform, as "linux/arm64", to build on, and its
// name by digest, "repository@sha256:...". The error is ErrNotFound where the registry has
// none for that platform. Layers are fetched when they are read.
func (c *Client) Base(ctx context.Context, ref, platform string) (base imagebuild.Base, byDigest string, err error) {
	wanted, err := v1.ParsePlatform(platform)
	if err != nil {
		return base, "", fault.New(fault.Usage, "write it as linux/arm64", "read platform %q: %w", platform, err)
	}
	q, err := c.request(ctx, ref)
	if err != nil {
		return base, "", err
	}
	manifest, err := remote.Get(q.ref, append(q.opts, remote.WithPlatform(*wanted))...)
	if err != nil {
		return base, "", q.failed("look up "+ref, err)
	}
	image, err := manifest.Image()
	if err != nil && strings.Contains(err.Error(), "no child with platform") { // of the index; the library has no type for it
		return base, "", noPlatform(ref, platform, err)
	}
	if err != nil {
		return base, "", q.failed("read "+ref+" for "+platform, err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		return base, "", q.failed("read "+ref+" for "+platform, err)
	}
	if config.OS != wanted.OS || config.Architecture != wanted.Architecture {
		return base, "", noPlatform(ref, platform, fmt.Errorf("the image is for %s/%s", config.OS, config.Architecture))
	}
	digest, err := image.Digest()
	if err != nil {
		return base, "", q.failed("read "+ref+" for "+platform, err)
	}
	base, err = baseOf(image)
	return base, q.ref.Context().Digest(digest.String()).String(), q.failed("read "+ref+" for "+platform, err)
}

func baseOf(image v1.Image) (base imagebuild.Base, err error) {
	if base.Config, err = image.RawConfigFile(); err == nil {
		base.Layers, err = image.Layers()
	}
	return base, err
}

// noPlatform is the error for an image that the registry does not have for a platform.
func noPlatform(ref, platform string, cause error) error {
	return fault.New(fault.Environment, "", "%s for %s: %w (%v)", ref, platform, ErrNotFound, cause)
}
