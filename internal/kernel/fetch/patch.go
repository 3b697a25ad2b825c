package fetch

import (
	"context"
	"fmt"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
)

// patched returns a tree with patches: an overlay on the tree without, where the engine
// can make one, else a copy of it.
func (r Fetcher) patched(ctx context.Context, from string, t source.Tree, patches []source.Patch) (source.Tree, error) {
	plain, err := r.Fetch(ctx, from, t.Ref, nil)
	if err != nil {
		return t, err
	}
	t.Signature, t.Time = plain.Signature, plain.Time
	apply := func(ctr *engine.Container) error {
		for _, p := range patches {
			if err := r.apply(ctx, ctr, p); err != nil {
				return err
			}
		}
		return nil
	}
	if err := r.overlay(ctx, &t, plain); err != nil {
		r.Console.LogOnce("the engine cannot lay one volume over another, so patched sources are copies (%v)", err)
		return t, r.copied(ctx, &t, plain, apply)
	}
	return t, r.fillExisting(ctx, &t, nil, apply)
}

// overlay makes the volume of a patched tree, and tries it.
func (r Fetcher) overlay(ctx context.Context, t *source.Tree, plain source.Tree) error {
	if err := r.Engine.Volumes().Remove(ctx, t.Volume); err != nil { // what a broken-off run left
		return err
	}
	layer, err := r.Engine.Volumes().CreateLayer(ctx, t.Volume, "source")
	if err != nil {
		return err
	}
	ctr, err := r.container(ctx, t.Ref, engine.Mount{Volume: layer, Path: "/layer"})
	if err != nil {
		return err
	}
	defer ctr.Remove()
	if _, err := ctr.Output(ctx, engine.Command{Argv: []string{"mkdir", "/layer/upper", "/layer/work"}}); err != nil {
		return err
	}
	if err := r.Engine.Volumes().Overlay(ctx, t.Volume, plain.Volume, "source", labels(t.Ref)); err != nil {
		return err
	}
	trial, err := r.container(ctx, t.Ref, engine.Mount{Volume: t.Volume, Path: tree})
	if err != nil {
		return err
	}
	return trial.Remove()
}

// copied fills the volume of a patched tree with a copy.
func (r Fetcher) copied(ctx context.Context, t *source.Tree, plain source.Tree, apply func(*engine.Container) error) error {
	original := []engine.Mount{{Volume: plain.Volume, Path: originalTree, ReadOnly: true}}
	return r.fill(ctx, t, original, func(ctr *engine.Container) error {
		if _, err := ctr.Output(ctx, engine.Command{Argv: []string{"cp", "--archive", originalTree + "/.", tree}}); err != nil {
			return fault.Wrap(fault.Environment, fmt.Errorf("copy the source: %w", err))
		}
		return apply(ctr)
	})
}

// apply applies a patch with patch(1), without any fuzz: one that does not fit exactly
// was made for another source. What it makes or changes gets the settled time.
func (r Fetcher) apply(ctx context.Context, ctr *engine.Container, p source.Patch) error {
	if err := putFile(ctx, ctr, p.Path, "/tmp", "patch"); err != nil {
		return err
	}
	if err := unchanged(p.Path, p.SHA256, trust.HashFile); err != nil {
		return err
	}
	out, err := ctr.Output(ctx, engine.Command{Dir: tree, Argv: []string{
		"patch", "--strip=1", "--fuzz=0", "--batch", "--forward", "--no-backup-if-mismatch", "--quoting-style=literal", "--input=/tmp/patch",
	}})
	if err != nil && !engine.CommandFailed(err) {
		return fault.Wrap(fault.Environment, fmt.Errorf("apply patch %s: %w", p.Name, err))
	}
	if err != nil {
		return fault.New(fault.Failed, "adapt the patch to this version of the kernel", "apply patch %s: %w\n%s", p.Name, err, strings.TrimSpace(out))
	}
	r.Console.Logf("applied patch %s", p.Name)
	return settleFiles(ctx, ctr, patchedFiles(out))
}

// patchedFiles reads which files patch(1) tells of: "patching file kernel/pid.c", perhaps
// with "(renamed from ...)" behind it.
func patchedFiles(out string) (paths []string) {
	for line := range strings.Lines(out) {
		line = strings.Replace(strings.TrimSuffix(line, "\n"), "patching symbolic link ", "patching file ", 1)
		name, ok := strings.CutPrefix(line, "patching file ")
		if !ok {
			continue
		}
		name, _, _ = strings.Cut(name, " (renamed from ")
		name, _, _ = strings.Cut(name, " (copied from ")
		paths = append(paths, tree+"/"+name)
	}
	return paths
}
