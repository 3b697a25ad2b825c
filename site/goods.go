package site

import (
	"context"
	"slices"

	"github.com/romanatrashyonok/kiln/docker/compose"
	"github.com/romanatrashyonok/kiln/fault"
)

// goods is what is pushed: an image, or an index of one for each platform.
type goods struct {
	what      compose.Pushable
	digest    string
	platforms []string
	leftOut   []string
}

// withGoods composes what is to be pushed, and hands it to do: its layers are read while
// they are sent. The image of the engine's platform is the one that was proven.
func (s Shop) withGoods(ctx context.Context, i Image, do func(goods) error) error {
	proven, err := s.Engine.FindImage(ctx, i.ID)
	if err != nil {
		return err
	}
	return s.composed(ctx, i, func(m *mould, own *compose.Image) error {
		if proven.Labels[labelBundle] != m.input.Labels[labelBundle] {
			return fault.New(fault.Bad, "build it again: go tool mage image", "push %s: the site has changed since it was built and proven", i.Ref)
		}
		g := goods{what: own}
		var err error
		if len(s.Settings.Platforms) > 0 {
			if g, err = s.index(ctx, m, own); err != nil {
				return err
			}
		}
		if g.digest, err = compose.Digest(g.what); err != nil {
			return err
		}
		return do(g)
	})
}

// index puts the images of all platforms together. One whose base is nowhere is left out
// by name where site.toml says so.
func (s Shop) index(ctx context.Context, m *mould, own *compose.Image) (g goods, err error) {
	here, err := own.Platform()
	if err != nil {
		return g, err
	}
	if !slices.Contains(s.Settings.Platforms, here) {
		return g, fault.New(fault.Usage, "add it in site.toml: what is published is proven here first",
			"push %s: platforms lacks this engine's own, %s", s.ref(), here)
	}
	var images []*compose.Image
	for _, platform := range s.Settings.Platforms {
		image := own
		if platform != here {
			image, err = s.forPlatform(ctx, m, platform)
		}
		switch {
		case err == nil:
			images, g.platforms = append(images, image), append(g.platforms, platform)
		case s.Settings.Missing == MissingIsLeftOut && ctx.Err() == nil:
			s.Console.Say("platform %s is left out: %v", platform, err)
			g.leftOut, err = append(g.leftOut, platform), nil
		default:
			return g, err
		}
	}
	g.what, err = compose.Index(images...)
	return g, err
}

// forPlatform composes the image of another platform, on the registry's base for it.
func (s Shop) forPlatform(ctx context.Context, m *mould, platform string) (*compose.Image, error) {
	from, byDigest, err := s.Engine.RemoteBase(ctx, s.Settings.Base, platform)
	if err != nil {
		return nil, err
	}
	s.Console.Say("platform %s: on %s", platform, byDigest)
	return m.cast(from)
}
