package toolchain

import (
	"context"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// Exactly returns the image with exactly the toolchain of a plan, and makes it unless the engine
// has it: with the same versions of all packages, if the archive still has them.
func (i *Images) Exactly(ctx context.Context, c arch.Compiler, t plan.Toolchain) (Image, error) {
	recipe, err := recipeHash(c)
	if err != nil {
		return Image{}, err
	}
	pin := Pin{Name: c.Image, Recipe: recipe, Packages: t.Packages, Programs: t.Programs, byPlan: true}
	if !pin.Valid() || len(pin.Programs) == 0 {
		return Image{}, fault.New(fault.Usage, "make the plan again: go tool mage kernel:plan", "read the plan's toolchain %s: expected every package as NAME=VERSION, sorted and each once, and its programs", t.Name)
	}
	if locked := i.pins.of(c); locked.Same(pin) {
		pin.Image = locked.Image
	}
	w, err := i.wanted(ctx, c, pin)
	if err != nil {
		return Image{}, err
	}
	image, err := i.once(w, func() (Image, error) { return i.toolchain(ctx, w) })
	if err != nil {
		return image, err
	}
	if image.Toolchain.Identity() != t.Identity() {
		return image, fault.NewWithCause(fault.Toolchain, "make the plan again with this version of Kiln: go tool mage kernel:plan",
			"make the plan's toolchain %s: %w: %s", t.Name, errUnlike, short(Differences(image.Toolchain, t)))
	}
	return image, nil
}
