package toolchain

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/docker"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// newestMaxAge is Images.maxAge outside of tests.
const newestMaxAge = 24 * time.Hour

// Image is an image with a compiler.
type Image struct {
	ID        string         // sha256:..., which differs on every engine
	From      string         // where its base came from when it was made, as package base names it; base.FromRegistry if it was pulled itself
	Toolchain plan.Toolchain // what is in it
}

// Toolchain returns the image with a compiler, and makes it unless the engine has it: one with
// the packages that are pinned for it, else with those that the archive has now. What is in it
// is found once, when it is made, and kept with it.
func (i *Images) Toolchain(ctx context.Context, c arch.Compiler) (Image, error) {
	w, err := i.wanted(ctx, c, i.pins.of(c))
	if err != nil {
		return Image{}, err
	}
	return i.once(w, func() (Image, error) { return i.toolchain(ctx, w) })
}

// HasToolchain reports whether the engine has the image with a compiler.
func (i *Images) HasToolchain(ctx context.Context, c arch.Compiler) bool {
	w, err := i.wanted(ctx, c, i.pins.of(c))
	if err == nil {
		_, err = i.bases.Engine.FindImage(ctx, w.tag)
	}
	return err == nil
}

// Newest is Toolchain with the packages that the archive has now, whatever is pinned: an image
// that is older than a day is made again.
func (i *Images) Newest(ctx context.Context, c arch.Compiler) (Image, error) {
	w, err := i.wanted(ctx, c, Pin{})
	if err != nil {
		return Image{}, err
	}
	old, err := i.bases.Engine.FindImage(ctx, w.tag)
	if err != nil && !errors.Is(err, engine.ErrNoImage) {
		return Image{}, err
	}
	if err != nil || time.Since(old.Created) < i.maxAge {
		return i.once(w, func() (Image, error) { return i.toolchain(ctx, w) })
	}
	w.noCache = true
	image, err := i.once(w, func() (Image, error) { return i.built(ctx, w) })
	if err == nil && image.ID != old.ID {
		err = i.bases.Engine.Release(ctx, old.ID)
	}
	return image, err
}

// once calls do, unless it runs for the same image: then it waits for that one's value.
func (i *Images) once(w wanted, do func() (Image, error)) (Image, error) {
	image, err, _ := i.building.Do(w.tag, func() (any, error) { return do() })
	return image.(Image), err
}

// wanted is an image with a compiler, as it is to be.
type wanted struct {
	compiler arch.Compiler
	pin      Pin    // the zero Pin pins nothing
	recipe   string // see recipeHash
	tag      string
	noCache  bool
}

// wanted returns the image with a compiler and a pin. A pinned one is the same whatever the
// base is, so that none is needed to find it.
func (i *Images) wanted(ctx context.Context, c arch.Compiler, pin Pin) (w wanted, err error) {
	w = wanted{compiler: c, pin: pin}
	if w.recipe, err = recipeHash(c); err != nil {
		return w, err
	}
	origin := pin.hash()
	if !pin.set() {
		root, err := i.base(ctx)
		if err != nil {
			return w, err
		}
		origin = root.ID
	}
	w.tag, err = imageTag(docker.Toolchain, c.Image, c.Packages, origin)
	return w, err
}

// hasTag reports whether an image has a tag of this toolchain, with whatever inputs.
func (w wanted) hasTag(found engine.Image) bool {
	return slices.ContainsFunc(found.Tags, func(tag string) bool {
		rest, ok := strings.CutPrefix(tag, repository+":"+w.compiler.Image+"-")
		return ok && !strings.Contains(rest, "-")
	})
}

// toolchain returns an image that the engine has, else makes it. One without its label is
// looked into once; if that fails, it is made again.
func (i *Images) toolchain(ctx context.Context, w wanted) (Image, error) {
	found, err := i.bases.Engine.FindImage(ctx, w.tag)
	if errors.Is(err, engine.ErrNoImage) {
		return i.make(ctx, w)
	}
	if err != nil {
		return Image{}, err
	}
	kept, ok := readLabel(found)
	if ok && w.pin.check(kept.Toolchain) == nil {
		return Image{ID: found.ID, From: kept.From, Toolchain: kept.Toolchain}, nil
	}
	if !ok {
		image, err := i.relabelled(ctx, found, w)
		if err == nil || !engine.CommandFailed(err) && !errors.Is(err, errUnlike) {
			return image, err
		}
	}
	return i.make(ctx, w)
}

// make makes an image, in the cheapest way that there is, and removes those of an older Kiln.
func (i *Images) make(ctx context.Context, w wanted) (Image, error) {
	image, err := i.pinned(ctx, w)
	if errors.Is(err, engine.ErrNoImage) {
		image, err = i.built(ctx, w)
	}
	if err != nil {
		return image, err
	}
	return image, removeUnlabelled(ctx, i.bases.Engine, w)
}

// built builds an image from packages of the archive.
func (i *Images) built(ctx context.Context, w wanted) (Image, error) {
	root, err := i.base(ctx)
	if err != nil {
		return Image{}, err
	}
	unnamed := i.bases.Engine.KeepName() // until its label is on it
	id, err := i.build(ctx, recipe{
		name: w.tag, folder: docker.Toolchain, tag: unnamed, root: root.Ref, packages: w.compiler.Packages, files: i.pins.files(w), noCache: w.noCache,
	})
	if err != nil {
		return Image{}, w.pin.buildFailed(err)
	}
	image, err := i.identified(ctx, unnamed, w, root.From)
	if err := i.bases.Engine.Release(ctx, id); err != nil {
		return image, err
	}
	return image, w.pin.unlike(err)
}
