package site

import (
	"context"
	"errors"
	"path/filepath"
	"slices"

	"github.com/distribution/reference"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
	"github.com/romanatrashyonok/kiln/internal/registry"
	"github.com/romanatrashyonok/kiln/internal/report"
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
	Mirrors    []string `toml:"mirrors"`    // where the image is pushed too, with the same tags
	Platforms  []string `toml:"platforms"`  // of the pushed image, as "linux/arm64"; empty for the engine's alone
	Missing    string   `toml:"missing"`    // what a platform does whose base is nowhere: MissingFails or MissingIsLeftOut
	Dirty      bool     `toml:"dirty"`      // push what no commit has
}

// What can be done about a platform whose base is nowhere.
const (
	MissingFails     = "fail"
	MissingIsLeftOut = "leave out"
)

// Defaults is what holds where site.toml is silent.
func Defaults() Settings {
	return Settings{
		Repository: "docker.io/romanatrashyonok/otuslession-dockernginx",
		Tags:       []string{"latest"}, Base: "nginx:1.30-alpine-slim", Port: 8080, Content: "content",
		Missing: MissingFails,
	}
}

// Site is where the site image is made and proven.
type Site struct {
	Engine   *engine.Client
	Registry *registry.Client
	Console  *report.Console
	Settings Settings
	Bundle   Bundle // what the site is to serve; see Settings.ReadBundle
	Commit   Commit // what the site is a state of
	Dir      string // folder of site.toml
	Dist     string // folder that documents go to
	Cache    imagebuild.Cache
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
func (s Site) ref() string { return s.Settings.Repository + ":" + s.Settings.Tags[0] }

// Build composes the site image, unless the engine has one of the same files, the
// same Dockerfile and the same base.
func (s Site) Build(ctx context.Context) (Image, error) {
	lock, err := ReadLock(s.Dir, s.Settings.Base)
	if err != nil {
		return Image{}, err
	}
	root, err := base.Pinned(ctx, s.Engine, s.Settings.Base, lock.Digest, s.Console)
	if err != nil {
		return Image{}, err
	}
	dockerfile, err := imagebuild.ReadDockerfile(filepath.Join(s.Dir, "Dockerfile"))
	if err != nil {
		return Image{}, err
	}
	from, done, err := s.Engine.ImageBase(ctx, root.ID, s.Cache)
	if err != nil {
		return Image{}, err
	}
	done()
	recipe := s.recipe(from, dockerfile)
	result := Image{Ref: s.ref(), Base: root}
	old, err := s.Engine.FindImage(ctx, result.Ref)
	switch {
	case err == nil && old.Labels[labelBundle] == recipe:
		result.ID, result.Why = old.ID, "nothing changed: same files, configuration and base"
		if err := s.name(ctx, old); err != nil {
			return Image{}, err
		}
		s.Console.Logf("image %s: %s", result.Ref, result.Why)
		return result, nil
	case err == nil:
		result.Why = "its files, configuration or base have changed"
	case errors.Is(err, engine.ErrNoImage):
		result.Why = "no such image is there yet"
	default:
		return Image{}, err
	}
	s.Console.Logf("image %s: composing, %s", result.Ref, result.Why)
	result.Built = true
	result.ID, err = s.build(ctx, root, dockerfile)
	return result, err
}

// name gives an image those of its names that it lacks.
func (s Site) name(ctx context.Context, i engine.Image) error {
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

// build composes the image on the base, and loads it into the engine.
func (s Site) build(ctx context.Context, root base.Image, dockerfile imagebuild.Dockerfile) (string, error) {
	s.lint(dockerfile)
	progress := s.Console.Progress("image " + s.ref())
	id, err := s.load(ctx, root)
	if err != nil {
		progress.End("failed")
		return "", err
	}
	progress.End("composed " + id)
	return id, nil
}

func (s Site) load(ctx context.Context, root base.Image) (id string, err error) {
	err = s.composed(ctx, root, func(_ *staged, from imagebuild.Base, image *imagebuild.Image) error {
		id, err = s.loaded(ctx, image, len(from.Layers))
		return err
	})
	return id, err
}

// lint says what BuildKit's linter has to say of the Dockerfile.
func (s Site) lint(dockerfile imagebuild.Dockerfile) {
	warnings, _ := dockerfile.Lint() // it was read before
	for _, w := range warnings {
		s.Console.Logf("warning: %s", w)
	}
}

// refs gives the names of the image in a repository.
func (s Site) refs(repository string) []string {
	names := make([]string, len(s.Settings.Tags))
	for i, t := range s.Settings.Tags {
		names[i] = repository + ":" + t
	}
	return names
}
