package result

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/report"
	"github.com/romanatrashyonok/kiln/internal/scratch"
)

// storeRepository is the tag of a result's image by the hash of its plan. An image has this
// tag beside the kernel's, and keeps it when a newer result takes that one. The engine
// records when an image was last tagged, which Kiln does at each use.
const storeRepository = "kiln/kept:"

// Store keeps results in an engine's store of images.
type Store struct {
	Engine  *engine.Client
	Console *report.Console
	Keep    int64 // bytes that all results may take; the current ones are never removed
}

// Get makes the result of a plan the kernel's current one. The error is ErrNotBuilt if the
// store has no result of this plan, or only a damaged one.
func (s *Store) Get(ctx context.Context, p plan.Plan) (Result, error) {
	r := Of(p)
	current, err := s.Engine.FindImage(ctx, r.Image)
	if err != nil && !errors.Is(err, engine.ErrNoImage) {
		return r, err
	}
	if current.Labels[LabelPlan] == r.Plan {
		r.Why = fmt.Sprintf("nothing changed: plan %.12s was built before", r.Plan)
		return r, nil
	}
	r.Why = fmt.Sprintf("restored: the store has the result of plan %.12s", r.Plan)
	return r, s.restore(ctx, p)
}

// Current returns the kernel's current result, of whichever plan. The error is ErrNotBuilt
// if the engine has none.
func (s *Store) Current(ctx context.Context, p plan.Plan) (Result, error) {
	r := Of(p)
	found, err := s.Engine.FindImage(ctx, r.Image)
	r.Plan = found.Labels[LabelPlan]
	if errors.Is(err, engine.ErrNoImage) {
		return r, fault.New(fault.Usage, "go tool mage kernel", "find kernel %s: %w", p.Folder(), ErrNotBuilt)
	}
	return r, err
}

// restore tags a stored result as the kernel's, if every file of it is intact, and removes
// it if not.
func (s *Store) restore(ctx context.Context, p plan.Plan) error {
	stored, err := s.Engine.FindImage(ctx, storeRepository+p.Hash())
	if errors.Is(err, engine.ErrNoImage) {
		return ErrNotBuilt
	}
	if err != nil {
		return err
	}
	if damage := s.checkImage(ctx, stored.ID, p.Hash()); damage != nil {
		if ctx.Err() != nil || fault.Code(damage) != int(fault.Failed) { // an environment problem, not damage
			return damage
		}
		s.Console.Logf("kernel %s: the stored result is damaged and is removed: %v", p.Folder(), damage)
		return cmp.Or(s.Engine.RemoveImage(ctx, storeRepository+p.Hash()), ErrNotBuilt)
	}
	return errors.Join(s.Engine.Tag(ctx, stored.ID, Tag(p.Folder())), s.Engine.Tag(ctx, stored.ID, storeRepository+p.Hash()))
}

// checkImage copies a result out of the engine and compares every file with its manifest.
func (s *Store) checkImage(ctx context.Context, ref, hash string) error {
	dir, remove, err := scratch.Dir("kept")
	if err != nil {
		return err
	}
	defer remove()
	if err := s.Engine.CopyFromImage(ctx, ref, dir, plan.ResultDir); err != nil {
		return err
	}
	m, err := CheckFolder(filepath.Join(dir, filepath.Base(plan.ResultDir)))
	if err == nil && m.Plan != hash {
		return fault.New(fault.Failed, "", "its manifest has plan %.12s", m.Plan)
	}
	return err
}

// Put stores the kernel's current result under its plan's hash. It removes results that lost
// their names to it or to an earlier one, and the least recently used as long as all take more
// than Keep.
func (s *Store) Put(ctx context.Context, p plan.Plan) error {
	if err := s.Engine.Tag(ctx, Tag(p.Folder()), storeRepository+p.Hash()); err != nil {
		return err
	}
	images, err := s.Engine.Images(ctx, "kernel", nil)
	if err != nil {
		return err
	}
	images, replaced := named(images)
	for _, i := range replaced {
		if err := s.Engine.RemoveImage(ctx, i.ID); err != nil {
			return err
		}
	}
	for _, i := range surplus(images, s.Keep) {
		s.Console.Logf("removed a stored result to make room: %s %s %s, plan %.12s, %s, last used %s",
			i.Labels[LabelName], i.Labels[LabelVersion], i.Labels[LabelArch], i.Labels[LabelPlan], report.Bytes(i.Size), i.Tagged.Format("2006-01-02 15:04"))
		if err := s.Engine.RemoveImage(ctx, i.ID); err != nil {
			return err
		}
	}
	return nil
}

// named separates the images that have lost every name they had from the others. An image
// that a run is importing may not have got its name yet.
func named(images []engine.Image) (others, replaced []engine.Image) {
	for _, i := range images {
		if len(i.Tags) == 0 && !i.Tagged.IsZero() {
			replaced = append(replaced, i)
		} else {
			others = append(others, i)
		}
	}
	return others, replaced
}

// surplus returns the images to remove so that the others take at most a number of bytes:
// the least recently used first, and never a kernel's current one.
func surplus(images []engine.Image, bytes int64) (remove []engine.Image) {
	var total int64
	var old []engine.Image
	for _, i := range images {
		total += i.Size
		if !slices.ContainsFunc(i.Tags, func(tag string) bool { return strings.HasPrefix(tag, Tag("")) }) {
			old = append(old, i)
		}
	}
	slices.SortFunc(old, func(a, b engine.Image) int {
		return cmp.Or(a.Tagged.Compare(b.Tagged), strings.Compare(a.ID, b.ID))
	})
	for _, i := range old {
		if total <= bytes {
			break
		}
		remove, total = append(remove, i), total-i.Size
	}
	return remove
}
