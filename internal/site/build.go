package site

import (
	"context"
	"errors"
	"path"
	"slices"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
)

// Image is the site image in the engine.
type Image struct {
	Ref   string     `json:"ref"` // repository:tag
	ID    string     `json:"id"`
	Base  base.Image `json:"base"`
	Built bool       `json:"built"` // false where nothing has changed since it was built
	Why   string     `json:"why"`
}

// Build builds the site image, unless the engine has one of the same files, the same
// Dockerfile and the same base. No other run removes it before the engine's client is
// closed. An image that it replaces is removed, unless it is used or has other names.
func (s Site) Build(ctx context.Context) (Image, error) {
	bases := base.Provider{Engine: s.Engine, Console: s.Console, Environ: s.Environ}
	root, err := bases.Pinned(ctx, s.Settings.Base, s.Lock.Digest)
	if err != nil {
		return Image{}, err
	}
	a, err := s.Assemble(ctx, root)
	if err != nil {
		return Image{}, err
	}
	defer a.Close()
	hash, err := a.hash(a.base)
	if err != nil {
		return Image{}, err
	}
	result := Image{Ref: s.Ref(), Base: root}
	old, err := s.Engine.Keep(ctx, result.Ref)
	switch {
	case err == nil && old.Labels[HashLabel] == hash:
		result.ID, result.Why = old.ID, "nothing changed: same files, configuration and base"
		s.Console.Logf("image %s: %s", result.Ref, result.Why)
		return result, s.addTags(ctx, old)
	case err == nil:
		result.Why = "its files, configuration or base have changed"
	case errors.Is(err, engine.ErrNoImage):
		result.Why = "the engine does not have it yet"
	default:
		return Image{}, err
	}
	s.Console.Logf("image %s: building, %s", result.Ref, result.Why)
	result.Built = true
	if result.ID, err = s.build(ctx, a); err != nil || old.ID == "" {
		return result, err
	}
	return result, s.Engine.Release(ctx, old.ID)
}

// addTags adds the names that an image lacks.
func (s Site) addTags(ctx context.Context, i engine.Image) error {
	for _, ref := range s.refs() {
		if slices.Contains(i.Tags, FamiliarName(ref)) {
			continue
		}
		if err := s.Engine.Tag(ctx, i.ID, ref); err != nil {
			return err
		}
	}
	return nil
}

// build assembles the image, loads it into the engine and returns its id.
func (s Site) build(ctx context.Context, a *Assembly) (id string, err error) {
	s.lint()
	progress := s.Console.Progress("image " + s.Ref())
	image, err := a.Image(a.base)
	if err == nil {
		id, err = s.load(ctx, image, len(a.base.Layers))
	}
	if err != nil {
		progress.End("failed")
		return "", s.withStandIn(err, a.root)
	}
	progress.End("built " + id)
	return id, nil
}

// withStandIn adds to a rejected configuration that the base is a stand-in, whose Nginx may
// lack what the base has.
func (s Site) withStandIn(err error, root base.Image) error {
	var rejected *fault.Error
	if root.From == base.FromBootstrap && errors.As(err, &rejected) && rejected.Class == fault.Usage && rejected.Fix == "" {
		rejected.Fix = "correct the configuration, or, if " + s.Settings.Base + " takes it, have the engine or a registry provide it: the base here is a stand-in with Debian's Nginx, which may be older"
	}
	return err
}

// lint logs what BuildKit's linter reports of the Dockerfile.
func (s Site) lint() {
	warnings, _ := s.Dockerfile.Lint() // which was parsed without an error before
	for _, w := range warnings {
		s.Console.Logf("warning: %s", w)
	}
}

// load loads an image into the engine under a name of this run, has its server test the
// configuration (nginx -t), and tags it only if that succeeds. The engine has the first
// baseLayers of its layers.
func (s Site) load(ctx context.Context, image *imagebuild.Image, baseLayers int) (string, error) {
	config, err := image.ConfigFile()
	if err != nil {
		return "", err
	}
	id, err := s.Engine.Load(ctx, image, baseLayers, s.Engine.KeepName())
	if err != nil {
		return "", err
	}
	run := config.Config
	if slices.ContainsFunc(slices.Concat(run.Entrypoint, run.Cmd), func(word string) bool { return path.Base(word) == "nginx" }) {
		if err := s.Runner().TestConfig(ctx, id, run.Cmd, s.Server.OnThisMachine); err != nil {
			return "", err
		}
	}
	for _, ref := range s.refs() {
		if err := s.Engine.Tag(ctx, id, ref); err != nil {
			return "", err
		}
	}
	return id, nil
}
