package site

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
	"github.com/romanatrashyonok/kiln/internal/registry"
)

// publication is what is pushed: an image, or an index of one for each platform.
type publication struct {
	what      imagebuild.Pushable
	digest    string
	platforms []string
	leftOut   []string
}

// withPublication composes what is to be pushed, and hands it to do: its layers are read while
// they are sent. The image of the engine's platform is the one that was proven.
func (s Site) withPublication(ctx context.Context, i Image, do func(publication) error) error {
	proven, err := s.Engine.FindImage(ctx, i.ID)
	if err != nil {
		return err
	}
	return s.published(ctx, i.Base, func(m *staged, own *imagebuild.Image) error {
		config, err := own.ConfigFile()
		if err != nil {
			return err
		}
		if proven.Labels[labelBundle] != config.Config.Labels[labelBundle] {
			return fault.New(fault.Failed, "go tool mage image", "push %s: the site has changed since it was built and proven", i.Ref)
		}
		g := publication{what: own}
		if len(s.Settings.Platforms) > 0 {
			if g, err = s.index(ctx, m, i, own); err != nil {
				return err
			}
		}
		if g.digest, err = imagebuild.Digest(g.what); err != nil {
			return err
		}
		return do(g)
	})
}

// index puts the images of all platforms together. One for which the registry has no base
// is left out by name where site.toml says so; one that cannot be asked about is an error.
func (s Site) index(ctx context.Context, m *staged, i Image, own *imagebuild.Image) (g publication, err error) {
	here, err := own.Platform()
	if err != nil {
		return g, err
	}
	if !slices.ContainsFunc(s.Settings.Platforms, func(p string) bool { return isPlatform(here, p) }) {
		return g, fault.New(fault.Usage, "add it to platforms in site.toml: an image is verified on this engine before it is published",
			"push %s: platforms lacks this engine's own, %s", s.ref(), here)
	}
	root, err := s.baseOfAll(ctx, i)
	if err != nil {
		return g, err
	}
	var images []*imagebuild.Image
	for _, platform := range s.Settings.Platforms {
		image := own
		if !isPlatform(here, platform) {
			image, err = s.forPlatform(ctx, m, root, platform)
		}
		none := errors.Is(err, registry.ErrNotFound) || i.Base.From == base.FromBootstrap // which is how a registry that is nowhere shows
		switch {
		case err == nil:
			images, g.platforms = append(images, image), append(g.platforms, platform)
		case s.Settings.Missing == MissingIsLeftOut && none && ctx.Err() == nil:
			s.Console.Logf("platform %s is left out: %v", platform, err)
			g.leftOut, err = append(g.leftOut, platform), nil
		default:
			return g, err
		}
	}
	g.what, err = imagebuild.Index(images...)
	return g, err
}

// isPlatform tells whether an image's platform is one that was asked for: as "linux/arm64",
// which has any variant, or with one.
func isPlatform(has, asked string) bool { return has == asked || strings.HasPrefix(has, asked+"/") }

// baseOfAll names the base for all platforms: by the lock, else as the engine got it, so
// that all stand on the same, else by its tag.
func (s Site) baseOfAll(ctx context.Context, i Image) (string, error) {
	lock, err := ReadLock(s.Dir, s.Settings.Base)
	if err != nil {
		return "", err
	}
	if lock.Digest != "" {
		return base.ByDigest(s.Settings.Base, lock.Digest)
	}
	found, err := s.Engine.FindImage(ctx, i.Base.ID)
	if err != nil {
		return "", err
	}
	for _, byDigest := range found.Digests {
		_, digest, _ := strings.Cut(byDigest, "@")
		if own, err := base.ByDigest(s.Settings.Base, digest); err == nil && familiar(own) == familiar(byDigest) {
			return byDigest, nil
		}
	}
	return s.Settings.Base, nil
}

// forPlatform composes the image of another platform, on the registry's base for it.
func (s Site) forPlatform(ctx context.Context, m *staged, root, platform string) (*imagebuild.Image, error) {
	from, byDigest, err := s.Registry.Base(ctx, root, platform)
	if err != nil {
		return nil, err
	}
	s.Console.Logf("platform %s: on %s", platform, byDigest)
	return m.assemble(from)
}
