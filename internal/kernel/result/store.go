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

// storeRepository names results by the hashes of their plans. A result's image has this
// second name beside the kernel's, and keeps it when another result takes the first. The
// engine records when an image was last named: so it is known which results are used.
const storeRepository = "kiln/kept:"

// Store keeps results in an engine's store of images.
type Store struct {
	Engine  *engine.Client
	Console *report.Console
	Keep    int64 // bytes that results may take which no kernel has now
}

// Get makes the result of a plan the kernel's current one. The error is ErrNotBuilt where
// the store has no result of this plan whose files are all as its manifest says.
func (s *Store) Get(ctx context.Context, p plan.Plan) (Result, error) {
	r := Of(p)
	now, err := s.Engine.FindImage(ctx, r.Image)
	if err != nil && !errors.Is(err, engine.ErrNoImage) {
		return r, err
	}
	if now.Labels[LabelPlan] == r.Plan {
		r.Why = fmt.Sprintf("nothing changed: plan %.12s was built before", r.Plan)
		return r, nil
	}
	r.Why = fmt.Sprintf("restored: plan %.12s was built before, and its result was kept", r.Plan)
	return r, s.restore(ctx, p)
}

// Current returns the kernel's current result, of whichever plan, or ErrNotBuilt.
func (s *Store) Current(ctx context.Context, p plan.Plan) (Result, error) {
	r := Of(p)
	found, err := s.Engine.FindImage(ctx, r.Image)
	r.Plan = found.Labels[LabelPlan]
	if errors.Is(err, engine.ErrNoImage) {
		return r, fault.New(fault.Usage, "go tool mage kernel", "find kernel %s: %w", p.Folder(), ErrNotBuilt)
	}
	return r, err
}

// restore names a stored result as the kernel's, if every file of it is intact. One that
// is not is removed.
func (s *Store) restore(ctx context.Context, p plan.Plan) error {
	kept, err := s.Engine.FindImage(ctx, storeRepository+p.Hash())
	if errors.Is(err, engine.ErrNoImage) {
		return ErrNotBuilt
	}
	if err != nil {
		return err
	}
	if bad := s.checkImage(ctx, kept.ID, p.Hash()); bad != nil {
		if ctx.Err() != nil || fault.Code(bad) != int(fault.Failed) { // the surroundings', not the result's
			return bad
		}
		s.Console.Logf("kernel %s: the stored result is damaged and is removed: %v", p.Folder(), bad)
		return errors.Join(ErrNotBuilt, s.Engine.RemoveImage(ctx, storeRepository+p.Hash()))
	}
	return errors.Join(s.Engine.Tag(ctx, kept.ID, Tag(p.Folder())), s.Engine.Tag(ctx, kept.ID, storeRepository+p.Hash()))
}

// checkImage copies a result out of the engine and compares every file with its manifest.
func (s *Store) checkImage(ctx context.Context, ref, hash string) error {
	dir, remove, err := scratch.Dir("kept")
	if err != nil {
		return err
	}
	defer remove()
	if err := s.Engine.CopyFromImage(ctx, ref, plan.ResultDir, dir); err != nil {
		return err
	}
	m, err := CheckFolder(filepath.Join(dir, filepath.Base(plan.ResultDir)))
	if err == nil && m.Plan != hash {
		return fault.New(fault.Failed, "", "its manifest is of plan %.12s", m.Plan)
	}
	return err
}

// Put keeps the kernel's current result under its plan's hash, and removes the least
// recently used ones that take more than Keep.
func (s *Store) Put(ctx context.Context, p plan.Plan) error {
	if err := s.Engine.Tag(ctx, Tag(p.Folder()), storeRepository+p.Hash()); err != nil {
		return err
	}
	images, err := s.Engine.Images(ctx, "kernel", nil)
	if err != nil {
		return err
	}
	for _, i := range surplus(images, s.Keep) {
		s.Console.Logf("removed a kept result to make room: %s %s %s, plan %.12s, %s, last used %s",
			i.Labels[LabelName], i.Labels[LabelVersion], i.Labels[LabelArch], i.Labels[LabelPlan], report.Bytes(i.Size), i.Tagged.Format("2006-01-02 15:04"))
		if err := s.Engine.RemoveImage(ctx, i.ID); err != nil {
			return err
		}
	}
	return nil
}

// surplus chooses what has to go so that what is kept takes at most so many bytes:
// the least recently used first, and never what a kernel has now.
func surplus(images []engine.Image, bytes int64) (gone []engine.Image) {
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
		gone, total = append(gone, i), total-i.Size
	}
	return gone
}

// Latest reads a JSON file of the kernel's newest result, of whichever version and plan.
// The error is engine.ErrNoImage where there is none.
func (s *Store) Latest(ctx context.Context, p plan.Plan, name string, into any) error {
	images, err := s.Engine.Images(ctx, "kernel", map[string]string{LabelName: p.Name, LabelArch: p.Arch})
	if err != nil {
		return err
	}
	if len(images) == 0 {
		return engine.ErrNoImage
	}
	newest := slices.MaxFunc(images, func(a, b engine.Image) int { return a.Tagged.Compare(b.Tagged) })
	dir, remove, err := scratch.Dir("last")
	if err != nil {
		return err
	}
	defer remove()
	if err := s.Engine.CopyFromImage(ctx, newest.ID, plan.ResultDir+"/"+name, dir); err != nil {
		return err
	}
	return report.Read(filepath.Join(dir, name), into)
}
