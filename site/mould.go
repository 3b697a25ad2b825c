package site

import (
	"bytes"
	"context"
	"os"
	"path/filepath"

	"github.com/romanatrashyonok/kiln/base"
	"github.com/romanatrashyonok/kiln/docker"
	"github.com/romanatrashyonok/kiln/docker/compose"
	"github.com/romanatrashyonok/kiln/fault"
)

// mould is the site's files, laid out, with the Dockerfile that puts them on a base: the
// same mould gives the images of all platforms.
type mould struct {
	dockerfile compose.Recipe
	dir        string
	input      compose.Input
}

// mould lays the files out. root is the base of this engine's image.
func (s Shop) mould(root base.Image, dockerfile compose.Recipe) (*mould, error) {
	dir, err := os.MkdirTemp("", "kiln-site-")
	if err != nil {
		return nil, fault.Wrap(fault.Surroundings, err)
	}
	m := &mould{dockerfile: dockerfile, dir: dir, input: compose.Input{
		Context: os.DirFS(dir), Created: s.Bundle.Created(), Notes: s.Notes,
		Args: map[string]string{"REVISION": s.Commit.label()},
		Labels: map[string]string{
			docker.Label: "site", labelBundle: s.recipe(root, dockerfile),
			"org.opencontainers.image.base.name": s.Settings.Base,
		},
	}}
	if err := s.Bundle.Stage(dir); err != nil {
		m.remove()
		return nil, err
	}
	return m, nil
}

// composed composes the image of a built one again, on the same base, and hands it to do,
// with what makes those of other platforms. Its layers can be read as long as do runs.
func (s Shop) composed(ctx context.Context, i Image, do func(*mould, *compose.Image) error) error {
	dockerfile, err := compose.ReadRecipe(filepath.Join(s.Dir, "Dockerfile"))
	if err != nil {
		return err
	}
	m, err := s.mould(i.Base, dockerfile)
	if err != nil {
		return err
	}
	defer m.remove()
	from, done, err := s.Engine.Base(ctx, i.Base.ID, s.Notes)
	if err != nil {
		return err
	}
	defer done()
	image, err := m.cast(s.asPublished(ctx, i.Base, from))
	if err != nil {
		return err
	}
	return do(m, image)
}

// asPublished gives the base with its layers as a registry has them, if the engine got it
// from there: they are known by their digests, and need be neither packed nor sent.
func (s Shop) asPublished(ctx context.Context, root base.Image, here compose.Base) compose.Base {
	found, err := s.Engine.FindImage(ctx, root.ID)
	platform, ok := here.Platform()
	if err != nil || !ok {
		return here
	}
	for _, byDigest := range found.Digests {
		there, _, err := s.Engine.RemoteBase(ctx, byDigest, platform)
		if err == nil && bytes.Equal(there.Config, here.Config) {
			return there
		}
	}
	return here
}

// recipe hashes all that decides what the image holds.
func (s Shop) recipe(root base.Image, dockerfile compose.Recipe) string {
	return hashStrings(s.Bundle.Hash(), root.ID, s.Commit.label(), s.Settings.Base, dockerfile.Text())
}

// cast puts the site on a base.
func (m *mould) cast(from compose.Base) (*compose.Image, error) {
	return m.dockerfile.Image(from, m.input)
}

func (m *mould) remove() { os.RemoveAll(m.dir) }
