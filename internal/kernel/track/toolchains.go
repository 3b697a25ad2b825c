package track

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/kernel/toolchain"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// Toolchains has the images with compilers, as toolchain.Images does.
type Toolchains interface {
	// Toolchain returns the image that the lock pins, else the newest that the engine has.
	Toolchain(context.Context, arch.Compiler) (toolchain.Image, error)
	// Newest returns an image with the packages that the archive has now.
	Newest(context.Context, arch.Compiler) (toolchain.Image, error)
	// Publish pushes an image to a repository and returns its name there by digest.
	Publish(ctx context.Context, image toolchain.Image, repo string) (byDigest string, err error)
}

// ToolchainUpdate is a change of what the lock pins a toolchain to.
type ToolchainUpdate struct {
	Toolchain   string   `json:"toolchain"`
	Packages    int      `json:"packages"` // how many are pinned
	Changed     bool     `json:"changed"`
	Differences []string `json:"differences"` // from what was pinned before; none if nothing was
	Image       string   `json:"image,omitempty"`
}

// UpdateToolchains pins the toolchains of specs, publishes them to a repository unless that is
// "", and writes the lock to the folder dir if that changes it. Pinned ones move to what the
// archive has now only if newest.
func (tr *Tracker) UpdateToolchains(ctx context.Context, images Toolchains, specs []spec.Spec, dir string, newest bool, repo string) ([]ToolchainUpdate, error) {
	lock, changed := tr.Lock, false
	var updates []ToolchainUpdate
	for _, c := range compilers(specs) {
		before, _ := lock.Pin(c.Image)
		next, err := pinned(ctx, images, c, before, newest, repo)
		if err != nil {
			return updates, fmt.Errorf("pin toolchain %s: %w", c.Image, err)
		}
		u := toolchainUpdate(before, next)
		updates, changed = append(updates, u), changed || u.Changed
		lock = lock.withPin(next)
	}
	if !changed {
		return updates, nil
	}
	tr.Lock = lock
	return updates, report.Write(filepath.Join(dir, LockFile), lock)
}

// compilers returns the compilers of specs, one of each image.
func compilers(specs []spec.Spec) (list []arch.Compiler) {
	for _, s := range specs {
		if !slices.ContainsFunc(list, func(c arch.Compiler) bool { return c.Image == s.Compiler.Image }) {
			list = append(list, s.Compiler)
		}
	}
	return list
}

// pinned returns the pin that follows one of a compiler's image. An image that stays the same
// stays published where it is.
func pinned(ctx context.Context, images Toolchains, c arch.Compiler, before toolchain.Pin, newest bool, repo string) (toolchain.Pin, error) {
	get := images.Toolchain
	if newest || before.Name == "" {
		get = images.Newest
	}
	image, err := get(ctx, c)
	if err != nil {
		return before, err
	}
	next, err := toolchain.NewPin(image, c)
	if err != nil {
		return before, err
	}
	if next.Same(before) {
		next.Image = before.Image
	}
	if repo != "" {
		next.Image, err = images.Publish(ctx, image, repo)
	}
	return next, err
}

// toolchainUpdate describes the replacement of a pin.
func toolchainUpdate(before, next toolchain.Pin) ToolchainUpdate {
	u := ToolchainUpdate{
		Toolchain: next.Name, Packages: len(next.Packages), Changed: !next.Same(before) || next.Image != before.Image, Differences: []string{}, Image: next.Image,
	}
	if before.Name != "" {
		u.Differences = append(u.Differences, toolchain.Changes(before.Toolchain(), next.Toolchain())...)
	}
	return u
}

// String returns the change in one line, and the differences on lines of their own.
func (u ToolchainUpdate) String() string {
	text := fmt.Sprintf("toolchain %s: %d packages pinned", u.Toolchain, u.Packages)
	if !u.Changed {
		text += ", unchanged"
	}
	if u.Image != "" {
		text += ", published as " + u.Image
	}
	return strings.Join(append([]string{text}, u.Differences...), "\n  ")
}
