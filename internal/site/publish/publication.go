package publish

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
	"github.com/romanatrashyonok/kiln/internal/registry"
	"github.com/romanatrashyonok/kiln/internal/site"
)

// publication is what is pushed: an image, or an index of one for each platform. Its layers
// are read while they are sent: they can be until it is closed.
type publication struct {
	*site.Assembly
	what      imagebuild.Pushable
	digest    string
	platforms []string
	leftOut   []string
}

// open assembles what is to be pushed. The image of the engine's platform is the one that
// was verified: if the site has changed since, that is an error.
func (p *pusher) open(ctx context.Context) (_ *publication, err error) {
	a, err := p.Assemble(ctx, p.image.Base)
	if err != nil {
		return nil, err
	}
	pub := &publication{Assembly: a}
	if err := p.fill(ctx, pub); err != nil {
		pub.Close()
		return nil, err
	}
	return pub, nil
}

// fill assembles the image, and the index where site.toml names platforms.
func (p *pusher) fill(ctx context.Context, pub *publication) error {
	own, err := pub.Published(ctx)
	if err != nil {
		return err
	}
	if err := p.checkVerified(ctx, own); err != nil {
		return err
	}
	pub.what = own
	if len(p.Settings.Platforms) > 0 {
		if err := p.addPlatforms(ctx, pub, own); err != nil {
			return err
		}
	}
	pub.digest, err = imagebuild.Digest(pub.what)
	return err
}

// checkVerified returns an error where the verified image was built from a different state
// of the site.
func (p *pusher) checkVerified(ctx context.Context, own *imagebuild.Image) error {
	verified, err := p.Engine.FindImage(ctx, p.image.ID)
	if err != nil {
		return err
	}
	config, err := own.ConfigFile()
	if err != nil {
		return err
	}
	if verified.Labels[site.HashLabel] != config.Config.Labels[site.HashLabel] {
		return fault.New(fault.Failed, "build it again: go tool mage image", "push %s: the site has changed since it was built and verified", p.image.Ref)
	}
	return nil
}

// addPlatforms makes the index of all platforms. One that the registry has no base for is
// left out if site.toml allows it; one that the registry cannot be asked about is an error.
func (p *pusher) addPlatforms(ctx context.Context, pub *publication, own *imagebuild.Image) error {
	here, err := own.Platform()
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(p.Settings.Platforms, func(asked string) bool { return isPlatform(here, asked) }) {
		return fault.New(fault.Usage, "add it in site.toml: what is published is verified here first",
			"push %s: platforms must include the engine's own, %s", p.Ref(), here)
	}
	root, err := p.baseOfAll(ctx)
	if err != nil {
		return err
	}
	var images []*imagebuild.Image
	for _, platform := range p.Settings.Platforms {
		image := own
		if !isPlatform(here, platform) {
			image, err = p.forPlatform(ctx, pub, root, platform)
		}
		switch {
		case err == nil:
			images, pub.platforms = append(images, image), append(pub.platforms, platform)
		case p.Settings.Missing == site.MissingIsLeftOut && p.hasNoBase(err) && ctx.Err() == nil:
			p.Console.Logf("platform %s is left out: %v", platform, err)
			pub.leftOut, err = append(pub.leftOut, platform), nil
		default:
			return err
		}
	}
	pub.what, err = imagebuild.Index(images...)
	return err
}

// hasNoBase reports whether an error means that there is no base: with a bootstrapped base,
// a registry that cannot be reached is one that does not exist.
func (p *pusher) hasNoBase(err error) bool {
	return errors.Is(err, registry.ErrNotFound) || p.image.Base.From == base.FromBootstrap
}

// isPlatform reports whether an image's platform is one that was asked for: "linux/arm64"
// matches any variant of it.
func isPlatform(has, asked string) bool { return has == asked || strings.HasPrefix(has, asked+"/") }

// baseOfAll names the base for all platforms: by the lock's digest, else by the digest that
// the engine has it by, so that all platforms have the same, else by its tag.
func (p *pusher) baseOfAll(ctx context.Context) (string, error) {
	if p.Lock.Digest != "" {
		return base.ByDigest(p.Settings.Base, p.Lock.Digest)
	}
	found, err := p.Engine.FindImage(ctx, p.image.Base.ID)
	if err != nil {
		return "", err
	}
	for _, byDigest := range found.Digests {
		_, digest, _ := strings.Cut(byDigest, "@")
		if own, err := base.ByDigest(p.Settings.Base, digest); err == nil && site.FamiliarName(own) == site.FamiliarName(byDigest) {
			return byDigest, nil
		}
	}
	return p.Settings.Base, nil
}

// forPlatform assembles the image of a different platform, on the registry's base for it.
func (p *pusher) forPlatform(ctx context.Context, pub *publication, root, platform string) (*imagebuild.Image, error) {
	from, byDigest, err := p.Registry.Base(ctx, root, platform)
	if err != nil {
		return nil, err
	}
	p.Console.Logf("platform %s: base %s", platform, byDigest)
	return pub.Image(from)
}
