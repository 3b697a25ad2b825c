package site

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/distribution/reference"

	"github.com/romanatrashyonok/kiln/base"
	"github.com/romanatrashyonok/kiln/docker"
	"github.com/romanatrashyonok/kiln/fault"
	"github.com/romanatrashyonok/kiln/report"
)

// Settings is site.toml.
type Settings struct {
	Repository string   `toml:"repository"` // where the image is pushed: registry/name
	Tags       []string `toml:"tags"`       // that the image gets
	Base       string   `toml:"base"`       // image with Nginx that the site is put on
	Port       int      `toml:"port"`       // that serve listens on, on loopback
	Content    string   `toml:"content"`    // folder of the pages, taken from site.toml's
	Kernels    bool     `toml:"kernels"`    // with pages of the kernels in dist/, at /kernels/
	Artefacts  bool     `toml:"artefacts"`  // with the kernels themselves, to download
}

// Defaults is what holds where site.toml is silent.
func Defaults() Settings {
	return Settings{
		Repository: "docker.io/romanatrashyonok/otuslession-dockernginx",
		Tags:       []string{"latest"}, Base: "nginx:1.30-alpine-slim", Port: 8080, Content: "content",
	}
}

// Shop is where the site image is made and proven.
type Shop struct {
	Engine   *docker.Engine
	Console  *report.Console
	Settings Settings
	Bundle   Bundle // what the site is to serve; see Settings.ReadBundle
	Dir      string // folder of site.toml
	Dist     string // folder that documents go to
	Revision string // commit of the site, for the image's label; may be empty
}

// Image is the site image in the engine.
type Image struct {
	Ref   string     `json:"ref"` // repository:tag
	ID    string     `json:"id"`
	Base  base.Image `json:"base"`
	Built bool       `json:"built"` // false where nothing has changed since it was built
	Why   string     `json:"why"`
}

// labelBundle carries the hash of what an image was made of.
const labelBundle = "kiln.bundle"

// ReadBundle reads the site's files, and takes others with them; dir is the folder of
// site.toml.
func (s Settings) ReadBundle(dir string, made ...File) (Bundle, error) {
	return ReadBundle(filepath.Join(dir, s.Content), filepath.Join(dir, "nginx.conf"), made...)
}

// ref is the image's first name.
func (s Shop) ref() string { return s.Settings.Repository + ":" + s.Settings.Tags[0] }

// Build builds the site image, unless the engine has one of the same files, the
// same Dockerfile and the same base.
func (s Shop) Build(ctx context.Context) (Image, error) {
	root, err := base.Get(ctx, s.Engine, s.Settings.Base, s.Console)
	if err != nil {
		return Image{}, err
	}
	recipe, err := s.recipe(root)
	if err != nil {
		return Image{}, err
	}
	result := Image{Ref: s.ref(), Base: root}
	old, err := s.Engine.FindImage(ctx, result.Ref)
	switch {
	case err == nil && old.Labels[labelBundle] == recipe:
		result.ID, result.Why = old.ID, "nothing changed: same files, configuration and base"
		if err := s.name(ctx, old); err != nil {
			return Image{}, err
		}
		s.Console.Say("image %s: %s", result.Ref, result.Why)
		return result, nil
	case err == nil:
		result.Why = "its files, configuration or base have changed"
	case errors.Is(err, docker.ErrNoImage):
		result.Why = "no such image is there yet"
	default:
		return Image{}, err
	}
	s.Console.Say("image %s: building, %s", result.Ref, result.Why)
	result.Built = true
	result.ID, err = s.build(ctx, root, recipe)
	return result, err
}

// name gives an image those of its names that it lacks.
func (s Shop) name(ctx context.Context, i docker.Image) error {
	for _, tag := range s.Settings.Tags {
		ref := s.Settings.Repository + ":" + tag
		if slices.Contains(i.Tags, familiar(ref)) {
			continue
		}
		if err := s.Engine.Tag(ctx, i.ID, ref); err != nil {
			return err
		}
	}
	return nil
}

// familiar writes a name as engines do: without docker.io.
func familiar(ref string) string {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return ref
	}
	return reference.FamiliarString(named)
}

// recipe hashes all that decides what the image holds.
func (s Shop) recipe(root base.Image) (string, error) {
	dockerfile, err := os.ReadFile(filepath.Join(s.Dir, "Dockerfile"))
	if err != nil {
		return "", fault.Wrap(fault.Usage, err)
	}
	return hashStrings(s.Bundle.Hash(), root.ID, string(dockerfile)), nil
}

// build stages the context and has the engine build it.
func (s Shop) build(ctx context.Context, root base.Image, recipe string) (string, error) {
	dir, err := os.MkdirTemp("", "kiln-site-")
	if err != nil {
		return "", fault.Wrap(fault.Surroundings, err)
	}
	defer os.RemoveAll(dir)
	if err := s.Bundle.Stage(dir); err != nil {
		return "", err
	}
	if err := copyFile(filepath.Join(s.Dir, "Dockerfile"), filepath.Join(dir, "Dockerfile")); err != nil {
		return "", err
	}
	tags := make([]string, len(s.Settings.Tags))
	for i, t := range s.Settings.Tags {
		tags[i] = s.Settings.Repository + ":" + t
	}
	return s.Engine.Build(ctx, docker.Build{
		Kind: "site", Context: dir, Tags: tags,
		Args:   map[string]string{"BASE": root.Ref, "REVISION": s.Revision},
		Labels: map[string]string{labelBundle: recipe},
	}, s.Console)
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return fault.Wrap(fault.Usage, err)
	}
	return fault.Wrap(fault.Surroundings, os.WriteFile(to, text, 0o644))
}
