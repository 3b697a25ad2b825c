// Package toolchain builds the images in which kernels are fetched, built and booted, from
// the folders of docker/, and knows the content of those with a compiler.
//
// images.go has the images, toolchain.go those with a compiler, identify.go what is in one,
// label.go how that is kept with it, differences.go how two differ, pin.go and pinned.go the
// versions that a lock pins, exactly.go those of a plan, publish.go images in a registry.
package toolchain

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/romanatrashyonok/kiln/docker"
	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/scratch"
)

// baseImage is the base of the images: Debian 13.
const baseImage = "debian:trixie-slim"

// kind is the kind of the images and of the containers that look into them.
const kind = "toolchain"

// Images builds the images in which kernels are fetched, built and booted. Its methods may
// be called concurrently.
type Images struct {
	bases    base.Provider
	root     string // the name of the images' base
	pins     pins
	maxAge   time.Duration      // how long an image counts as made from the archive's newest packages
	building singleflight.Group // builds an image once that several kernels need at the same time
}

// New returns the images of the engine of bases, on bases that it provides. Its console gets
// the output of builds. Toolchains with a pin are those that it pins.
func New(bases base.Provider, pins ...Pin) *Images {
	return &Images{bases: bases, root: baseImage, pins: pins, maxAge: newestMaxAge}
}

// Fetch returns the id of the image that fetches and unpacks sources.
func (i *Images) Fetch(ctx context.Context) (id string, err error) {
	return i.get(ctx, docker.Fetch, "fetch", nil)
}

// Emulator returns the id of the image with QEMU for an architecture.
func (i *Images) Emulator(ctx context.Context, q arch.QEMU) (id string, err error) {
	return i.get(ctx, docker.QEMU, "emulator-"+q.Binary, q.Packages)
}

// get returns the id of the image that a folder of docker/ describes, and builds it unless
// the engine has it.
func (i *Images) get(ctx context.Context, folder, name string, packages []string) (id string, err error) {
	root, err := i.base(ctx)
	if err != nil {
		return "", err
	}
	tag, err := imageTag(folder, name, packages, root.ID)
	if err != nil {
		return "", err
	}
	found, err, _ := i.building.Do(tag, func() (any, error) {
		found, err := i.bases.Engine.FindImage(ctx, tag)
		if err == nil || !errors.Is(err, engine.ErrNoImage) {
			return found.ID, err
		}
		return i.build(ctx, recipe{folder: folder, tag: tag, root: root.Ref, packages: packages})
	})
	return found.(string), err
}

// base returns the base of the images.
func (i *Images) base(ctx context.Context) (base.Image, error) {
	root, err, _ := i.building.Do(i.root, func() (any, error) { return i.bases.Get(ctx, i.root) })
	return root.(base.Image), err
}

// recipe is what an image is built from.
type recipe struct {
	name     string // for progress; the tag if empty
	folder   string // of docker/
	tag      string
	root     string // name of its base
	packages []string
	files    map[string]string // text of files that replace those of the folder
	noCache  bool
}

// build builds an image and returns its id.
func (i *Images) build(ctx context.Context, r recipe) (id string, err error) {
	files, err := docker.Context(r.folder)
	if err != nil {
		return "", err
	}
	dir, remove, err := scratch.Dir(kind)
	if err != nil {
		return "", err
	}
	defer remove()
	if err := os.CopyFS(dir, files); err != nil {
		return "", fault.Wrap(fault.Environment, err)
	}
	for name, text := range r.files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return "", fault.Wrap(fault.Environment, err)
		}
	}
	return i.bases.Engine.Build(ctx, engine.Build{
		Name: r.name, Kind: kind, Context: dir, Tags: []string{r.tag}, NoCache: r.noCache,
		Args: map[string]string{"BASE": r.root, "PACKAGES": strings.Join(r.packages, " ")},
	}, i.bases.Console)
}

// imageTag returns the tag of an image, with a hash of everything that it is made of: its
// folder, its packages and its base, root. So one look-up shows whether the engine has it.
func imageTag(folder, name string, packages []string, root string) (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %s\n", packages, root)
	err := hashFolder(sum, folder)
	return repository + ":" + name + "-" + hex.EncodeToString(sum.Sum(nil)[:6]), err
}

// repository is that of the images' tags.
const repository = "kiln/toolchain"

// hashFolder writes the names and texts of all files of a folder of docker/ to a hash.
func hashFolder(sum io.Writer, folder string) error {
	files, err := docker.Context(folder)
	if err != nil {
		return err
	}
	return fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, path)
		fmt.Fprintf(sum, "%s %q\n", path, text)
		return err
	})
}
