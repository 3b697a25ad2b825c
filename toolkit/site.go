package toolkit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/site"
	"github.com/romanatrashyonok/kiln/internal/site/baselock"
	"github.com/romanatrashyonok/kiln/internal/site/gitinfo"
	"github.com/romanatrashyonok/kiln/internal/site/publish"
)

// Image builds the site image and prints its name and id.
func (w *Project) Image(ctx context.Context) error {
	_, image, err := w.image(ctx)
	if err != nil {
		return err
	}
	return w.Console.Result(image, image.Ref+" "+image.ID)
}

// image opens the shop and builds the image unless nothing has changed.
func (w *Project) image(ctx context.Context) (site.Site, site.Image, error) {
	shop, err := w.Shop(ctx)
	if err != nil {
		return shop, site.Image{}, err
	}
	image, err := w.imageOf(ctx, shop)
	return shop, image, err
}

// imageOf builds a shop's image unless nothing has changed.
func (w *Project) imageOf(ctx context.Context, shop site.Site) (site.Image, error) {
	image, err := shop.Build(ctx)
	if err == nil {
		w.Console.RecordOutcome(image.Ref, "build", image.Why)
	}
	return image, err
}

// Verify builds the site image if need be, runs it, and prints the verdict.
func (w *Project) Verify(ctx context.Context) error {
	shop, image, err := w.image(ctx)
	if err != nil {
		return err
	}
	return w.verify(ctx, shop, image)
}

func (w *Project) verify(ctx context.Context, shop site.Site, image site.Image) error {
	verdict, err := shop.Verify(ctx, image)
	if err != nil {
		return err
	}
	w.Console.RecordOutcome(image.Ref, "verify", fmt.Sprintf("%d checks passed", verdict.Passed))
	return w.Console.Result(verdict, verdict.String())
}

// proven builds the site image and proves it; where it was built before, only if always.
func (w *Project) proven(ctx context.Context, always bool) error {
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
func (w *Project) Push(ctx context.Context) error {
	shop, err := w.Shop(ctx)
	if err != nil {
		return err
	}
	if err := shop.Publishable(); err != nil {
		return err
	}
	image, err := w.imageOf(ctx, shop)
	if err != nil {
		return err
	}
	verdict, err := shop.Verify(ctx, image)
	if err != nil {
		return fmt.Errorf("not pushed: %w", err)
	}
	w.Console.Logf("verified: %s", verdict)
	pushed, err := publish.Push(ctx, shop, image)
	if err != nil {
		return err
	}
	return w.Console.Result(pushed, pushed.Ref())
}

// publishable refuses a push that would be refused in the end.
func (w *Project) publishable(ctx context.Context) error {
	shop, err := w.Shop(ctx)
	if err != nil {
		return err
	}
	return shop.Publishable()
}

// Serve runs the site image until ctx ends, and makes it again when its files change.
func (w *Project) Serve(ctx context.Context) error {
	shop, image, err := w.image(ctx)
	if err != nil {
		return err
	}
	return shop.Serve(ctx, image, w.image)
}

// ReproduceImage makes the image again out of its commit, and compares the digests.
func (w *Project) ReproduceImage(ctx context.Context) error {
	shop, image, err := w.image(ctx)
	if err != nil {
		return err
	}
	if shop.Commit.ID == "" || shop.Commit.Dirty {
		return fault.New(fault.Usage, "commit the changes first", "reproduce %s: the files of %s are not those of a commit", image.Ref, shop.Dir)
	}
	dir, err := os.MkdirTemp("", "kiln-commit-")
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	defer os.RemoveAll(dir)
	root, err := gitinfo.Repository{Env: os.Environ()}.CheckOut(ctx, shop.Commit.ID, dir)
	if err != nil {
		return err
	}
	generated, err := w.catalog(ctx)
	if err != nil {
		return err
	}
	second, err := w.Site.Value.ReadSource(filepath.Join(root, shop.Dir), shop.Commit, generated...)
	if err != nil {
		return err
	}
	result, err := shop.Reproduce(ctx, image, second)
	if err != nil {
		return err
	}
	return w.Console.Result(result, result.String())
}

// TrackImage says whether the base's tag names another image than the one that is locked.
func (w *Project) TrackImage(ctx context.Context, fail bool) error {
	e, err := w.Engine(ctx)
	if err != nil {
		return err
	}
	fresh, err := baselock.Check(ctx, w.registry(), filepath.Dir(SiteFile), w.Site.Value.Base)
	if err != nil {
		return err
	}
	if err := w.Console.Result(fresh, fresh.String()); err != nil {
		return err
	}
	if fail && fresh.Moved {
		return fault.New(fault.Failed, "go tool mage image:update", "the base %s has moved", fresh.Base)
	}
	return nil
}

// UpdateImage locks the base to what its tag names now.
func (w *Project) UpdateImage(ctx context.Context) error {
	e, err := w.Engine(ctx)
	if err != nil {
		return err
	}
	lock, err := baselock.Update(ctx, w.registry(), filepath.Dir(SiteFile), w.Site.Value.Base)
	if err != nil {
		return err
	}
	return w.Console.Result(lock, fmt.Sprintf("%s is locked to %s", lock.Base, lock.Digest))
}
