package fetch

import (
	"context"
	"fmt"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
)

// patched makes a tree with patches and files: an overlay on the plain one where the engine supports
// that, else a copy of it.
func (f Fetcher) patched(ctx context.Context, from string, t source.Tree, patches []source.Patch, files []source.File) (source.Tree, error) {
	plain, err := f.Fetch(ctx, from, t.Ref, nil)
	if err != nil {
		return t, err
	}
	t.Signature, t.Time = plain.Signature, plain.Time
	apply := func(ctr *engine.Container) error {
		for _, p := range patches {
			if err := f.apply(ctx, ctr, p); err != nil {
				return err
			}
		}
		return f.lay(ctx, ctr, files)
	}
	if err := f.overlay(ctx, &t, plain); err != nil {
		f.discard(ctx, t.Volume)
		if ctx.Err() != nil {
			return t, ctx.Err()
		}
		f.Console.LogOnce("the engine does not support overlay volumes, so patched sources are copies (%v)", err)
		return t, f.copied(ctx, &t, plain, apply)
	}
	return t, f.fillExisting(ctx, &t, nil, apply, nil)
}

// overlay creates the volume of a patched tree as an overlay, and tests it.
func (f Fetcher) overlay(ctx context.Context, t *source.Tree, plain source.Tree) error {
	if err := f.Engine.Volumes().Remove(ctx, t.Volume); err != nil { // what an interrupted run left
		return err
	}
	layer, err := f.Engine.Volumes().CreateLayer(ctx, t.Volume, engine.Sealed)
	if err != nil {
		return err
	}
	ctr, err := f.container(ctx, t.Ref, engine.Mount{Volume: layer, Path: "/layer"})
	if err != nil {
		return err
	}
	defer ctr.Remove()
	if _, err := ctr.Output(ctx, engine.Command{Argv: []string{"mkdir", "/layer/upper", "/layer/work"}}); err != nil {
		return err
	}
	if err := f.Engine.Volumes().Overlay(ctx, t.Volume, plain.Volume, engine.Sealed, labels(t.Ref)); err != nil {
		return err
	}
	probe, err := f.container(ctx, t.Ref, engine.Mount{Volume: t.Volume, Path: tree})
	if err != nil {
		return err
	}
	return probe.Remove()
}

// copied fills the volume of a patched tree with a copy of the unpatched one.
func (f Fetcher) copied(ctx context.Context, t *source.Tree, plain source.Tree, apply func(*engine.Container) error) error {
	original := []engine.Mount{{Volume: plain.Volume, Path: originalTree, ReadOnly: true}}
	return f.fill(ctx, t, original, func(ctr *engine.Container) error {
		if _, err := ctr.Output(ctx, engine.Command{Argv: []string{"cp", "--archive", originalTree + "/.", tree}}); err != nil {
			return fault.Wrap(fault.Environment, fmt.Errorf("copy the source: %w", err))
		}
		return apply(ctr)
	})
}
