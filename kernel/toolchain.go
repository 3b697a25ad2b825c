package kernel

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/romanatrashyonok/kiln/base"
	"github.com/romanatrashyonok/kiln/docker"
	"github.com/romanatrashyonok/kiln/fault"
	"github.com/romanatrashyonok/kiln/kernel/arch"
)

// baseImage is what toolchains stand on: Debian 13.
const baseImage = "debian:trixie-slim"

// recipe is what the images are made of: a Dockerfile and what it copies.
//
//go:embed toolchain
var recipe embed.FS

// toolchain gives the image of a compiler, and makes it unless the engine has it.
func (w *Works) toolchain(ctx context.Context, c arch.Compiler) (Toolchain, error) {
	id, from, err := w.image(ctx, "toolchain", c.Image, c.Packages)
	return Toolchain{Image: id, Packages: c.Packages, From: from}, err
}

// fetchImage gives the image that fetches and unpacks sources.
func (w *Works) fetchImage(ctx context.Context) (string, error) {
	id, _, err := w.image(ctx, "fetch", "fetch", nil)
	return id, err
}

// image gives the image of a stage of the Dockerfile, and makes it unless the engine
// has it.
func (w *Works) image(ctx context.Context, stage, name string, packages []string) (id, from string, err error) {
	root, err := w.base(ctx)
	if err != nil {
		return "", "", err
	}
	tag, err := recipeTag(name, packages, root.ID)
	if err != nil {
		return "", "", err
	}
	found, err, _ := w.making.Do(tag, func() (any, error) {
		found, err := w.Engine.FindImage(ctx, tag)
		if err == nil || !errors.Is(err, docker.ErrNoImage) {
			return found.ID, err
		}
		return w.makeImage(ctx, stage, tag, root.Ref, packages)
	})
	return found.(string), root.From, err
}

// base gives what the images stand on.
func (w *Works) base(ctx context.Context) (base.Image, error) {
	root, err, _ := w.making.Do(baseImage, func() (any, error) { return base.Get(ctx, w.Engine, baseImage, w.Console) })
	return root.(base.Image), err
}

// hasToolchain tells whether a compiler's image is there, without making it.
func (w *Works) hasToolchain(ctx context.Context, c arch.Compiler) bool {
	root, err := w.base(ctx)
	if err != nil {
		return false
	}
	tag, err := recipeTag(c.Image, c.Packages, root.ID)
	if err != nil {
		return false
	}
	_, err = w.Engine.FindImage(ctx, tag)
	return err == nil
}

func (w *Works) makeImage(ctx context.Context, stage, tag, root string, packages []string) (id string, err error) {
	dir, err := os.MkdirTemp("", "kiln-toolchain-")
	if err != nil {
		return "", fault.Wrap(fault.Surroundings, err)
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, recipe); err != nil {
		return "", fault.Wrap(fault.Surroundings, err)
	}
	return w.Engine.Build(ctx, docker.Build{
		Kind: "toolchain", Context: filepath.Join(dir, "toolchain"), Target: stage, Tags: []string{tag},
		Args: map[string]string{"BASE": root, "PACKAGES": strings.Join(packages, " ")},
	}, w.Console)
}

// recipeTag names an image by all that it is made of, the recipe, its packages and its
// base, so that one look tells whether it is there.
func recipeTag(name string, packages []string, base string) (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %s\n", packages, base)
	err := fs.WalkDir(recipe, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := recipe.ReadFile(path)
		fmt.Fprintf(sum, "%s %q\n", path, text)
		return err
	})
	return "kiln/toolchain:" + name + "-" + hex.EncodeToString(sum.Sum(nil)[:6]), err
}
