package site

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
	"github.com/romanatrashyonok/kiln/internal/imagebuild/buildcontext"
	"github.com/romanatrashyonok/kiln/internal/registry"
	"github.com/romanatrashyonok/kiln/internal/scratch"
	"github.com/romanatrashyonok/kiln/internal/site/bundle"
)

// HashLabel is the image label with the hash of everything that decides the image.
const HashLabel = "kiln.bundle"

// assemblyVersion names how images are assembled. A change of the way needs a change of
// this, so that no image of an older Kiln passes for unchanged.
const assemblyVersion = "2"

// Assembly puts the site's files on base images. The images that it makes can be read
// until it is closed.
type Assembly struct {
	site      Site
	root      base.Image
	base      imagebuild.Base // root, as the engine has it
	closeBase func()
	files     *buildcontext.Context // nil until an image is made
	removeDir func()                // nil while there is no folder
}

// Assemble opens a base of the engine's store, to put the site's files on.
func (s Site) Assemble(ctx context.Context, root base.Image) (*Assembly, error) {
	from, done, err := s.Engine.ImageBase(ctx, root.ID, s.Cache)
	if err != nil {
		return nil, err
	}
	return &Assembly{site: s, root: root, base: from, closeBase: done}, nil
}

// Close removes the temporary files. Images that were made can no longer be read.
func (a *Assembly) Close() {
	a.closeBase()
	if a.removeDir != nil {
		a.removeDir()
	}
}

// Image returns the image of the site on a base.
func (a *Assembly) Image(from imagebuild.Base) (*imagebuild.Image, error) {
	hash, err := a.hash(from)
	if err != nil {
		return nil, err
	}
	if err := a.open(); err != nil {
		return nil, err
	}
	in := a.input(a.files)
	in.Labels = map[string]string{
		engine.Label: "site", HashLabel: hash,
		"org.opencontainers.image.base.name": a.site.Settings.Base,
	}
	return a.site.Dockerfile.Image(from, in)
}

func (a *Assembly) input(files fs.FS) imagebuild.Input {
	s := a.site
	return imagebuild.Input{
		Context: files, Created: s.Bundle.Created(), Cache: s.Cache,
		Args: map[string]string{"REVISION": s.Commit.Revision()},
	}
}

// open makes the build context, once.
func (a *Assembly) open() error {
	if a.files != nil {
		return nil
	}
	dir, remove, err := scratch.Dir("site")
	if err != nil {
		return err
	}
	files, done, err := a.site.Bundle.Context(dir)
	a.files, a.removeDir = files, func() { done(); remove() }
	return err
}

// hash returns the sha256 of everything that decides the image on a base. The base counts
// by its configuration, since engines differ in what they call an image.
func (a *Assembly) hash(from imagebuild.Base) (string, error) {
	s := a.site
	copied, err := a.copied(from)
	parts := []string{assemblyVersion, s.Bundle.Hash(), string(from.Config), s.Commit.Revision(), s.Settings.Base, s.Dockerfile.Text()}
	return bundle.HashStrings(append(parts, copied...)...), err
}

// copied returns what decides the image of the files that the Dockerfile copies besides those
// of the bundle: the name, mode, time and hash of each.
func (a *Assembly) copied(from imagebuild.Base) (parts []string, err error) {
	files := a.site.Bundle.Layout()
	list, err := a.site.Dockerfile.Copied(from, a.input(files))
	for _, c := range list {
		if err != nil || a.site.Bundle.Has(c.Source) {
			continue
		}
		var info fs.FileInfo
		if info, err = fs.Stat(files, c.Source); err == nil {
			var sum string
			sum, err = hashOf(files, c.Source)
			parts = append(parts, c.Source, info.Mode().String(), info.ModTime().UTC().String(), sum)
		}
	}
	return parts, err
}

// hashOf returns the sha256 of a file, in hex.
func hashOf(files fs.FS, name string) (string, error) {
	f, err := files.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return hex.EncodeToString(sum.Sum(nil)), err
}

// Published returns the image as a registry has it. Where the base came from a registry,
// its layers are those of that registry, known by their digests: they are neither
// compressed nor sent.
func (a *Assembly) Published(ctx context.Context) (*imagebuild.Image, error) {
	from, err := a.publishedBase(ctx)
	if err != nil {
		return nil, err
	}
	return a.Image(from)
}

// publishedBase returns the base as the registry has it that it came from, or as the
// engine has it where it came from none, or is no longer there.
func (a *Assembly) publishedBase(ctx context.Context) (imagebuild.Base, error) {
	image, err := a.site.Engine.FindImage(ctx, a.root.ID)
	platform, known := a.base.Platform()
	if err != nil || !known {
		return a.base, err
	}
	for _, byDigest := range image.Digests {
		published, _, err := a.site.Registry.Base(ctx, byDigest, platform)
		switch {
		case errors.Is(err, registry.ErrNotFound):
		case err != nil:
			return a.base, err
		case bytes.Equal(published.Config, a.base.Config):
			return published, nil
		}
	}
	return a.base, nil
}
