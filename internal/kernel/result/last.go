package result

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/report"
	"github.com/romanatrashyonok/kiln/internal/scratch"
)

// Last is a kernel's newest result, of whichever version and plan.
type Last struct {
	Plan     plan.Plan
	Manifest plan.Manifest
	Lines    int64 // that make prints in a build from nothing; 0 if unknown
}

// Last returns the newest result of a kernel for an architecture. The error is
// engine.ErrNoImage if there is none.
func (s *Store) Last(ctx context.Context, name, arch string) (last Last, err error) {
	images, err := s.Engine.Images(ctx, "kernel", map[string]string{LabelName: name, LabelArch: arch})
	if err != nil {
		return last, err
	}
	if len(images) == 0 {
		return last, engine.ErrNoImage
	}
	newest := slices.MaxFunc(images, func(a, b engine.Image) int { return a.Tagged.Compare(b.Tagged) })
	last.Lines, _ = strconv.ParseInt(newest.Labels[LabelLines], 10, 64)
	dir, remove, err := scratch.Dir("last")
	if err != nil {
		return last, err
	}
	defer remove()
	if err := s.Engine.CopyFromImage(ctx, newest.ID, dir, plan.ResultDir+"/"+plan.PlanFile, plan.ResultDir+"/"+plan.ManifestFile); err != nil {
		return last, err
	}
	if err := report.Read(filepath.Join(dir, plan.ManifestFile), &last.Manifest); err != nil {
		return last, err
	}
	return last, report.Read(filepath.Join(dir, plan.PlanFile), &last.Plan)
}
