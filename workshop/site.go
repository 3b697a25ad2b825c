package workshop

import (
	"context"
	"fmt"

	"github.com/romanatrashyonok/kiln/site"
)

// Image builds the site image and prints its name and id.
func (w *Workshop) Image(ctx context.Context) error {
	_, image, err := w.image(ctx)
	if err != nil {
		return err
	}
	return w.Console.Result(image, image.Ref+" "+image.ID)
}

// image opens the shop and builds the image unless nothing has changed.
func (w *Workshop) image(ctx context.Context) (site.Shop, site.Image, error) {
	shop, err := w.Shop(ctx)
	if err != nil {
		return shop, site.Image{}, err
	}
	image, err := shop.Build(ctx)
	if err == nil {
		w.Console.Tell(image.Ref, "build", image.Why)
	}
	return shop, image, err
}

// Verify builds the site image if need be, runs it, and prints the verdict.
func (w *Workshop) Verify(ctx context.Context) error {
	shop, image, err := w.image(ctx)
	if err != nil {
		return err
	}
	return w.verify(ctx, shop, image)
}

func (w *Workshop) verify(ctx context.Context, shop site.Shop, image site.Image) error {
	verdict, err := shop.Verify(ctx, image)
	if err != nil {
		return err
	}
	w.Console.Tell(image.Ref, "verify", fmt.Sprintf("%d checks passed", verdict.Passed))
	return w.Console.Result(verdict, verdict.String())
}

// proven builds the site image and proves it; where it was built before, only if always.
func (w *Workshop) proven(ctx context.Context, always bool) error {
	shop, image, err := w.image(ctx)
	if err != nil || !image.Built && !always {
		return err
	}
	if err := w.Console.Result(image, image.Ref+" "+image.ID); err != nil {
		return err
	}
	return w.verify(ctx, shop, image)
}

// Push proves the site image, publishes it, and prints its name by digest.
func (w *Workshop) Push(ctx context.Context) error {
	shop, image, err := w.image(ctx)
	if err != nil {
		return err
	}
	verdict, err := shop.Verify(ctx, image)
	if err != nil {
		return fmt.Errorf("not pushed: %w", err)
	}
	w.Console.Say("verified: %s", verdict)
	pushed, err := shop.Push(ctx, image)
	if err != nil {
		return err
	}
	return w.Console.Result(pushed, pushed.Ref())
}

// Serve runs the site image until ctx ends.
func (w *Workshop) Serve(ctx context.Context) error {
	shop, image, err := w.image(ctx)
	if err != nil {
		return err
	}
	return shop.Serve(ctx, image)
}
