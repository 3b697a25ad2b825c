package fetch

import (
	"context"
	"encoding/json"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
)

// tree is where a source is unpacked in its container, and where a build finds it.
const tree = "/source"

// labelTree is the label of a sealed volume that records its source.Tree, as JSON.
const labelTree = "kiln.tree"

// downloads is the volume that keeps downloaded packages, by their sha256.
const downloads = "kiln-downloads"

// sealed reports whether a tree's volume is complete, and if so reads the tree's
// signature and time from its label.
func (f Fetcher) sealed(ctx context.Context, t *source.Tree) (bool, error) {
	labels, complete, err := f.Engine.Volumes().Sealed(ctx, t.Volume)
	if err != nil || !complete {
		return false, err
	}
	var filled source.Tree
	if json.Unmarshal([]byte(labels[labelTree]), &filled) != nil {
		return false, nil
	}
	t.Signature, t.Time = filled.Signature, filled.Time
	return true, nil
}

// fill creates a tree's volume, lets put fill it, and seals it when that succeeds. put
// gets a container with the volume at tree and the further mounts.
func (f Fetcher) fill(ctx context.Context, t *source.Tree, mounts []engine.Mount, put func(*engine.Container) error) error {
	if err := f.Engine.Volumes().Remove(ctx, t.Volume); err != nil { // what an interrupted run left
		return err
	}
	if err := f.Engine.Volumes().Create(ctx, t.Volume, "source", labels(t.Ref)); err != nil {
		return err
	}
	return f.fillExisting(ctx, t, mounts, put)
}

// fillExisting does the same with a volume that exists already.
func (f Fetcher) fillExisting(ctx context.Context, t *source.Tree, mounts []engine.Mount, put func(*engine.Container) error) error {
	ctr, err := f.container(ctx, t.Ref, append(mounts, engine.Mount{Volume: t.Volume, Path: tree})...)
	if err != nil {
		return err
	}
	if err := put(ctr); err != nil {
		ctr.Remove() // before another run may have the volume
		return err
	}
	defer ctr.RemoveInBackground()
	text, err := json.Marshal(t)
	if err != nil {
		return err
	}
	labels := labels(t.Ref)
	labels[labelTree] = string(text)
	return f.Engine.Volumes().Seal(ctx, t.Volume, labels)
}

// container starts the container that fetches and unpacks a source. It has a network only
// where the source is fetched from inside it.
func (f Fetcher) container(ctx context.Context, ref source.Ref, mounts ...engine.Mount) (*engine.Container, error) {
	image, err := f.Image(ctx)
	if err != nil {
		return nil, err
	}
	if err := f.Engine.Volumes().Create(ctx, downloads, "downloads", nil); err != nil {
		return nil, err
	}
	return f.Engine.Run(ctx, engine.Spec{
		Image: image, Kind: "source", Name: ref.Version.String(), Command: []string{"sleep", "infinity"},
		Mounts:  append(mounts, engine.Mount{Volume: downloads, Path: "/downloads"}),
		Offline: ref.Commit == "" && (ref.Kind == source.KernelOrg || ref.Kind == source.Folder || ref.Kind == source.Tarball),
	})
}

// labels describes a volume to people who list the engine's.
func labels(ref source.Ref) map[string]string {
	return map[string]string{"kiln.source": ref.String(), "kiln.url": ref.URL}
}
