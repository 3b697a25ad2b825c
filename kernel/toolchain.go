package kernel

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
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

//go:embed Dockerfile
var dockerfile string

// toolchain gives the image that compiles for an architecture, and makes it
// unless the engine has it.
func (w *Works) toolchain(ctx context.Context, a arch.Arch) (Toolchain, error) {
	id, from, err := w.image(ctx, "toolchain", a.Name, a.Packages)
	return Toolchain{Image: id, Packages: a.Packages, From: from}, err
}

// fetchImage gives the image that fetches and unpacks sources.
func (w *Works) fetchImage(ctx context.Context) (string, error) {
	id, _, err := w.image(ctx, "fetch", "fetch", nil)
	return id, err
}

// image gives the image of a stage of the Dockerfile. Its tag is made of all that
// it is made of, so that one look tells whether it is there.
func (w *Works) image(ctx context.Context, stage, name string, packages []string) (id, from string, err error) {
	root, err := base.Get(ctx, w.Engine, baseImage, w.Console)
	if err != nil {
		return "", "", err
	}
	list := strings.Join(packages, " ")
	sum := sha256.Sum256([]byte(dockerfile + "\n" + list + "\n" + root.ID))
	tag := "kiln/toolchain:" + name + "-" + hex.EncodeToString(sum[:6])
	found, err := w.Engine.FindImage(ctx, tag)
	if err == nil || !errors.Is(err, docker.ErrNoImage) {
		return found.ID, root.From, err
	}
	dir, err := os.MkdirTemp("", "kiln-toolchain-")
	if err != nil {
		return "", "", fault.Wrap(fault.Surroundings, err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(dockerfile), 0o644); err != nil {
		return "", "", fault.Wrap(fault.Surroundings, err)
	}
	id, err = w.Engine.Build(ctx, docker.Build{
		Kind: "toolchain", Context: dir, Target: stage, Tags: []string{tag},
		Args: map[string]string{"BASE": root.Ref, "PACKAGES": list},
	}, w.Console)
	return id, root.From, err
}
