package result

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/report"
	"github.com/romanatrashyonok/kiln/internal/scratch"
)

// Import makes the result folder of a container the kernel's current result. key is the result's
// second key, lines how many lines make prints in a build from nothing. The import is atomic,
// and the engine addresses the image by its content.
func (s *Store) Import(ctx context.Context, ctr *engine.Container, p plan.Plan, key string, lines int64) error {
	return s.Engine.ImportFrom(ctx, ctr, p.Dir(plan.ResultRole), Tag(p.Folder()), "kernel", labels(p, key, lines))
}

// labels returns the labels of a result's image.
func labels(p plan.Plan, key string, lines int64) map[string]string {
	return map[string]string{
		LabelPlan: p.Hash(), LabelInputs: p.Inputs(), LabelKey: key, LabelLines: strconv.FormatInt(lines, 10),
		LabelName: p.Name, LabelVersion: p.Version, LabelArch: p.Arch,
	}
}

// Keys returns the second keys of the results that differ from a plan's at most in their
// configuration.
func (s *Store) Keys(ctx context.Context, p plan.Plan) (keys []string, err error) {
	images, err := s.Engine.Images(ctx, "kernel", map[string]string{LabelInputs: p.Inputs()})
	for _, image := range images {
		keys = append(keys, image.Labels[LabelKey])
	}
	return keys, err
}

// Adopt makes the result with a second key, which a different plan made, the current one of a
// plan's kernel: with its own plan, name and configuration record in the manifest. It returns
// ErrNotBuilt where the store has none, or only a damaged one.
func (s *Store) Adopt(ctx context.Context, p plan.Plan, key string, config plan.ConfigRecord) (Result, error) {
	r := Of(p)
	images, err := s.Engine.Images(ctx, "kernel", map[string]string{LabelKey: key})
	if err != nil {
		return r, err
	}
	for _, image := range images {
		m, err := s.adopt(ctx, p, image, config)
		if err == nil {
			r.Why = fmt.Sprintf("the same configuration was built before, as plan %.12s of kernel %s", m.Plan, m.Name)
			return r, s.Put(ctx, p)
		}
		if ctx.Err() != nil || fault.Code(err) != int(fault.Failed) {
			return r, err
		}
		s.Console.Logf("kernel %s: the stored result of plan %.12s is damaged and is removed: %v", p.Folder(), image.Labels[LabelPlan], err)
		if err := s.Engine.RemoveImage(ctx, image.ID); err != nil {
			return r, err
		}
	}
	return r, ErrNotBuilt
}

// adopt imports a copy of an image whose manifest and plan are those of p. It returns the manifest
// of the image itself.
func (s *Store) adopt(ctx context.Context, p plan.Plan, image engine.Image, config plan.ConfigRecord) (plan.Manifest, error) {
	dir, remove, err := scratch.Dir("adopted")
	if err != nil {
		return plan.Manifest{}, err
	}
	defer remove()
	if err := s.Engine.CopyFromImage(ctx, image.ID, dir, plan.ResultDir); err != nil {
		return plan.Manifest{}, err
	}
	folder := filepath.Join(dir, filepath.Base(plan.ResultDir))
	made, err := CheckFolder(folder)
	if err != nil {
		return made, err
	}
	if made.Plan != image.Labels[LabelPlan] {
		return made, fault.New(fault.Failed, "", "its manifest has plan %.12s", made.Plan)
	}
	if err := rename(folder, made, p, config); err != nil {
		return made, err
	}
	lines, _ := strconv.ParseInt(image.Labels[LabelLines], 10, 64)
	return made, s.Engine.ImportFolder(ctx, dir, Tag(p.Folder()), "kernel", labels(p, image.Labels[LabelKey], lines))
}

// rename writes the plan p, and the manifest made with it, to the folder of a result.
func rename(folder string, made plan.Manifest, p plan.Plan, config plan.ConfigRecord) error {
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if err := os.WriteFile(filepath.Join(folder, plan.PlanFile), text, 0o644); err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	m := made
	m.Name, m.Plan, m.Patches, m.BuiltAs, m.FoundBy = p.Name, p.Hash(), append([]plan.Patch{}, p.Patches...), made.Plan, plan.FoundByConfiguration
	if made.BuiltAs != "" {
		m.BuiltAs = made.BuiltAs
	}
	config.SHA256 = made.Config.SHA256
	m.Config = config
	m.Resum(plan.PlanFile, text)
	return report.Write(filepath.Join(folder, plan.ManifestFile), m)
}
