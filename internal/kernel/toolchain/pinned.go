package toolchain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
)

// pins are those that a lock has.
type pins []Pin

// of returns the pin of a compiler's toolchain, or the zero Pin.
func (p pins) of(c arch.Compiler) Pin {
	if n := slices.IndexFunc(p, func(p Pin) bool { return p.Name == c.Image }); n >= 0 {
		return p[n]
	}
	return Pin{}
}

// files returns the files of a build that name the pinned versions.
func (p pins) files(w wanted) map[string]string {
	if !w.pin.set() {
		return nil
	}
	files := map[string]string{"common": lines(p.common(w.pin)), "pinned": lines(w.pin.Packages)}
	if w.recipe == w.pin.Recipe { // else the image may need packages that the pin does not know
		files["keep"] = files["pinned"]
	}
	return files
}

// common returns the packages that all pins have, or all of one pin if it disagrees with another
// about a version. They are those of the layer that the images of all architectures share.
func (p pins) common(pin Pin) (packages []string) {
	packages = pin.Packages
	for _, other := range p {
		known := versions(other.Toolchain())
		for name, version := range versions(pin.Toolchain()) {
			if v, ok := known[name]; ok && v != version {
				return pin.Packages
			}
		}
		packages = slices.DeleteFunc(slices.Clone(packages), func(line string) bool { return !slices.Contains(other.Packages, line) })
	}
	return packages
}

// lines returns a file with a line for each text.
func lines(list []string) string { return strings.Join(list, "\n") + "\n" }

// pinned returns a pinned image that need not be built: one that the engine has under a
// different tag, else the published one. The error is engine.ErrNoImage where there is none.
func (i *Images) pinned(ctx context.Context, w wanted) (Image, error) {
	if !w.pin.set() {
		return Image{}, engine.ErrNoImage
	}
	list, err := i.bases.Engine.Images(ctx, kind, nil)
	if err != nil {
		return Image{}, err
	}
	for _, found := range list {
		kept, ok := readLabel(found)
		if ok && kept.Recipe == w.recipe && kept.Toolchain.Name == w.pin.Name && w.pin.check(kept.Toolchain) == nil {
			return Image{ID: found.ID, From: kept.From, Toolchain: kept.Toolchain}, i.bases.Engine.Tag(ctx, found.ID, w.tag)
		}
	}
	return i.published(ctx, w)
}

// published pulls the published image, looks into it, and returns it if it is what is pinned. If
// not, or if it cannot be had, that is logged, and the error is engine.ErrNoImage.
func (i *Images) published(ctx context.Context, w wanted) (Image, error) {
	if w.pin.Image == "" {
		return Image{}, engine.ErrNoImage
	}
	if w.pin.Recipe != w.recipe {
		i.bases.Console.Logf("toolchain %s: %s was made by a different version of Kiln; building the image", w.pin.Name, w.pin.Image)
		return Image{}, engine.ErrNoImage
	}
	image, err := i.pulled(ctx, w)
	if err == nil || ctx.Err() != nil {
		return image, err
	}
	i.bases.Console.Logf("toolchain %s: %s is not used: %v; building the image", w.pin.Name, w.pin.Image, err)
	return Image{}, engine.ErrNoImage
}

// pulled pulls the published image and looks into it; its label counts for nothing. It keeps the
// image only if that has the pinned packages and programs.
func (i *Images) pulled(ctx context.Context, w wanted) (Image, error) {
	e := i.bases.Engine
	progress := i.bases.Console.Progress("pull " + w.pin.Image)
	if err := e.Pull(ctx, w.pin.Image); err != nil {
		progress.End("failed")
		return Image{}, err
	}
	progress.End("pulled")
	defer e.RemoveImage(context.WithoutCancel(ctx), w.pin.Image) // the name alone, if the image with the label was made of it
	tools, err := identify(ctx, e, w.pin.Image, w.compiler)
	if err == nil {
		if pinned := w.pin.Toolchain(); tools.Identity() != pinned.Identity() {
			err = fmt.Errorf("%w: %s", errUnlike, short(Differences(tools, pinned)))
		}
	}
	if err != nil {
		return Image{}, err
	}
	unnamed := e.KeepName() // a builder may ask the registry about a name by digest
	if err := e.Tag(ctx, w.pin.Image, unnamed); err != nil {
		return Image{}, err
	}
	id, err := labelled(ctx, i.bases, unnamed, w.tag, content{Recipe: w.recipe, From: base.FromRegistry, Toolchain: tools})
	return Image{ID: id, From: base.FromRegistry, Toolchain: tools}, errors.Join(err, e.RemoveImage(ctx, unnamed))
}
