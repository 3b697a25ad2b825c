package kernel

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/report"
	"github.com/romanatrashyonok/kiln/internal/scratch"
)

// The store of results is the engine's own: each result image has a second name, by
// the hash of its plan, and stays under that when another result takes the first. The
// engine keeps when an image was last given a name: so it is known which were used.
const storeRepository = "kiln/kept:"

// restore gives a kernel the result of the same plan that was kept, if there is one
// and every file of it is unharmed.
func (w *Builder) restore(ctx context.Context, p Plan) (bool, error) {
	kept, err := w.Engine.FindImage(ctx, storeRepository+p.Hash())
	if errors.Is(err, engine.ErrNoImage) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if bad := w.checkImage(ctx, kept.ID, p.Hash()); bad != nil {
		if ctx.Err() != nil || fault.Code(bad) != int(fault.Failed) { // the surroundings', not the result's
			return false, bad
		}
		w.Console.Logf("kernel %s: the kept result is of no use, and is removed: %v", p.Folder(), bad)
		return false, w.Engine.RemoveImage(ctx, storeRepository+p.Hash())
	}
	return true, errors.Join(w.Engine.Tag(ctx, kept.ID, resultTag(p.Folder())), w.Engine.Tag(ctx, kept.ID, storeRepository+p.Hash()))
}

// checkImage copies a result out and compares every file with its manifest.
func (w *Builder) checkImage(ctx context.Context, ref, plan string) error {
	dir, remove, err := scratch.Dir("kept")
	if err != nil {
		return err
	}
	defer remove()
	if err := w.Engine.CopyFromImage(ctx, ref, resultDir, dir); err != nil {
		return err
	}
	m, err := checkFolder(filepath.Join(dir, filepath.Base(resultDir)))
	if err == nil && m.Plan != plan {
		return fault.New(fault.Failed, "", "its manifest is of plan %.12s", m.Plan)
	}
	return err
}

// storeResult puts a result into the store and makes room.
func (w *Builder) storeResult(ctx context.Context, p Plan) error {
	if err := w.Engine.Tag(ctx, resultTag(p.Folder()), storeRepository+p.Hash()); err != nil {
		return err
	}
	images, err := w.Engine.Images(ctx, "kernel", nil)
	if err != nil {
		return err
	}
	for _, i := range surplus(images, sizeOf(w.Limits.Keep)) {
		w.Console.Logf("removed a kept result to make room: %s %s %s, plan %.12s, %s, last used %s",
			i.Labels[labelName], i.Labels[labelVersion], i.Labels[labelArch], i.Labels[labelPlan], report.Bytes(i.Size), i.Tagged.Format("2006-01-02 15:04"))
		if err := w.Engine.RemoveImage(ctx, i.ID); err != nil {
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
		if !slices.ContainsFunc(i.Tags, func(tag string) bool { return strings.HasPrefix(tag, resultTag("")) }) {
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
