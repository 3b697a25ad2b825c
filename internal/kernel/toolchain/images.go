// Package toolchain builds the images in which kernels are fetched, built and booted, from
// the folders of docker/.
package toolchain

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sync/singleflight"

	"github.com/romanatrashyonok/kiln/docker"
	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/scratch"
)

// baseImage is the base of the images: Debian 13.
const baseImage = "debian:trixie-slim"

// Images builds the images in which kernels are fetched, built and booted. Its methods may
// be called concurrently.
type Images struct {
	bases    base.Provider
	building singleflight.Group // builds an image once that several kernels need at the same time
}

// New returns the images of the engine of bases, on bases that it provides. Its console gets
// the output of builds.
func New(bases base.Provider) *Images { return &Images{bases: bases} }

// Toolchain returns the image with a compiler, and builds it unless the engine has it.
func (i *Images) Toolchain(ctx context.Context, c arch.Compiler) (plan.Toolchain, error) {
	id, from, err := i.get(ctx, docker.Toolchain, c.Image, c.Packages)
	return plan.Toolchain{Image: id, Packages: c.Packages, From: from}, err
}

// Fetch returns the id of the image that fetches and unpacks sources.
func (i *Images) Fetch(ctx context.Context) (id string, err error) {
	id, _, err = i.get(ctx, docker.Fetch, "fetch", nil)
	return id, err
}

// Emulator returns the id of the image with QEMU for an architecture.
func (i *Images) Emulator(ctx context.Context, q arch.QEMU) (id string, err error) {
	id, _, err = i.get(ctx, docker.QEMU, "emulator-"+q.Binary, q.Packages)
	return id, err
}

// HasToolchain reports whether the engine has the image with a compiler.
func (i *Images) HasToolchain(ctx context.Context, c arch.Compiler) bool {
	root, err := i.base(ctx)
	if err != nil {
		return false
	}
	tag, err := imageTag(docker.Toolchain, c.Image, c.Packages, root.ID)
	if err != nil {
		return false
	}
	_, err = i.bases.Engine.FindImage(ctx, tag)
	return err == nil
}

// get returns the id of the image that a folder of docker/ describes, and builds it unless
// the engine has it. from is where its base came from: store, registry or bootstrap.
func (i *Images) get(ctx context.Context, folder, name string, packages []string) (id, from string, err error) {
	root, err := i.base(ctx)
	if err != nil {
		return "", "", err
	}
	tag, err := imageTag(folder, name, packages, root.ID)
	if err != nil {
		return "", "", err
	}
	found, err, _ := i.building.Do(tag, func() (any, error) {
		found, err := i.bases.Engine.FindImage(ctx, tag)
		if err == nil || !errors.Is(err, engine.ErrNoImage) {
			return found.ID, err
		}
		return i.build(ctx, folder, tag, root.Ref, packages)
	})
	return found.(string), root.From, err
}

// base returns the base of the images.
func (i *Images) base(ctx context.Context) (base.Image, error) {
	root, err, _ := i.building.Do(baseImage, func() (any, error) { return i.bases.Get(ctx, baseImage) })
	return root.(base.Image), err
}

// build builds the image of a folder on the base root.
func (i *Images) build(ctx context.Context, folder, tag, root string, packages []string) (id string, err error) {
	files, err := docker.Context(folder)
	if err != nil {
		return "", err
	}
	dir, remove, err := scratch.Dir("toolchain")
	if err != nil {
		return "", err
	}
	defer remove()
	if err := os.CopyFS(dir, files); err != nil {
		return "", fault.Wrap(fault.Environment, err)
	}
	return i.bases.Engine.Build(ctx, engine.Build{
		Kind: "toolchain", Context: dir, Tags: []string{tag},
		Args: map[string]string{"BASE": root, "PACKAGES": strings.Join(packages, " ")},
	}, i.bases.Console)
}

// imageTag returns the tag of an image, with a hash of everything that it is made of: its
// folder, its packages and its base, root. So one look-up shows whether the engine has it.
func imageTag(folder, name string, packages []string, root string) (string, error) {
	files, err := docker.Context(folder)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %s\n", packages, root)
	err = fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, path)
		fmt.Fprintf(sum, "%s %q\n", path, text)
		return err
	})
	return "kiln/toolchain:" + name + "-" + hex.EncodeToString(sum.Sum(nil)[:6]), err
}
