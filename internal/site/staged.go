package site

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
	"github.com/romanatrashyonok/kiln/internal/scratch"
)

// staged is the site's files, laid out, with the Dockerfile that puts them on a base: the
// same mould gives the images of all platforms.
type staged struct {
	shop       Site
	dockerfile imagebuild.Dockerfile
	dir        string
	remove     func() // removes dir
}

// composing is how images are composed: change it with the way, so that none is taken for
// unchanged that another Kiln composed otherwise.
const composing = "1"

// stage lays the files out.
func (s Site) stage(dockerfile imagebuild.Dockerfile) (*staged, error) {
	dir, remove, err := scratch.Dir("site")
	if err != nil {
		return nil, err
	}
	m := &staged{shop: s, dockerfile: dockerfile, dir: dir, remove: remove}
	if err := s.Bundle.Stage(dir); err != nil {
		m.remove()
		return nil, err
	}
	return m, nil
}

// assemble puts the site on a base.
func (m *staged) assemble(from imagebuild.Base) (*imagebuild.Image, error) {
	s := m.shop
	return m.dockerfile.Image(from, imagebuild.Input{
		Context: os.DirFS(m.dir), Created: s.Bundle.Created(), Cache: s.Cache,
		Args: map[string]string{"REVISION": s.Commit.label()},
		Labels: map[string]string{
			engine.Label: "site", labelBundle: s.recipe(from, m.dockerfile),
			"org.opencontainers.image.base.name": s.Settings.Base,
		},
	})
}

// recipe hashes all that decides what the image on a base holds. The base counts by its
// configuration: engines differ in what they call an image.
func (s Site) recipe(from imagebuild.Base, dockerfile imagebuild.Dockerfile) string {
	return hashStrings(composing, s.Bundle.Hash(), string(from.Config), s.Commit.label(), s.Settings.Base, dockerfile.Text())
}

// composed composes the image on a base of the engine's store, and hands it to do, with
// what makes those of other platforms. Its layers can be read as long as do runs.
func (s Site) composed(ctx context.Context, root base.Image, do func(*staged, imagebuild.Base, *imagebuild.Image) error) error {
	dockerfile, err := imagebuild.ReadDockerfile(filepath.Join(s.Dir, "Dockerfile"))
	if err != nil {
		return err
	}
	m, err := s.stage(dockerfile)
	if err != nil {
		return err
	}
	defer m.remove()
	from, done, err := s.Engine.ImageBase(ctx, root.ID, s.Cache)
	if err != nil {
		return err
	}
	defer done()
	image, err := m.assemble(from)
	if err != nil {
		return err
	}
	return do(m, from, image)
}

// published is composed for an image as a registry has it: the base's layers are those of
// the registry that the engine got it from, known by their digests, and need be neither
// packed nor sent.
func (s Site) published(ctx context.Context, root base.Image, do func(*staged, *imagebuild.Image) error) error {
	return s.composed(ctx, root, func(m *staged, here imagebuild.Base, image *imagebuild.Image) error {
		there, found, err := s.asPublished(ctx, root, here)
		if err != nil {
			return err
		}
		if found {
			if image, err = m.assemble(there); err != nil {
				return err
			}
		}
		return do(m, image)
	})
}

// asPublished looks for a base of the engine's store in the registry that it came from. One
// that came from none, or that is there no more, is not found.
func (s Site) asPublished(ctx context.Context, root base.Image, here imagebuild.Base) (there imagebuild.Base, found bool, err error) {
	image, err := s.Engine.FindImage(ctx, root.ID)
	platform, ok := here.Platform()
	if err != nil || !ok {
		return there, false, err
	}
	for _, byDigest := range image.Digests {
		there, _, err := s.Engine.RemoteBase(ctx, byDigest, platform)
		switch {
		case errors.Is(err, engine.ErrNotFound):
		case err != nil:
			return there, false, err
		case bytes.Equal(there.Config, here.Config):
			return there, true, nil
		}
	}
	return there, false, nil
}
