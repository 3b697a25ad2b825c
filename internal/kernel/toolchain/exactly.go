package toolchain

import (
	"context"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// Exactly returns the image with the toolchain of a plan. Where the engine's own differs, one is
// made with the same versions of all packages, if the archive still has them.
func (i *Images) Exactly(ctx context.Context, c arch.Compiler, t plan.Toolchain) (Image, error) {
	image, err := i.Toolchain(ctx, c)
	if err != nil || image.Toolchain.Identity() == t.Identity() {
		return image, err
	}
	i.bases.Console.Logf("toolchain %s: the plan has another: %s", t.Name, short(Differences(image.Toolchain, t)))
	recipe, err := recipeHash(c)
	if err != nil {
		return image, err
	}
	w, err := i.wanted(ctx, c, Pin{Name: t.Name, Recipe: recipe, Packages: t.Packages, Programs: t.Programs})
	if err != nil {
		return image, err
	}
	image, err = i.once(w, func() (Image, error) { return i.toolchain(ctx, w) })
	if err == nil && image.Toolchain.Identity() != t.Identity() {
		err = fault.NewWithCause(fault.Toolchain, "build the plan with the version of Kiln that made it", "build toolchain %s of the plan: %s", t.Name, short(Differences(image.Toolchain, t)))
	}
	return image, err
}
