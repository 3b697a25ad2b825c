package fetch

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
)

// tree is where a source is unpacked in its container, and where a build finds it.
const tree = "/source"

// labelTree is the label of a sealed volume that records its source.Tree, as JSON.
const labelTree = "kiln.tree"

// labelSource is the label of a volume that describes its source.Ref.
const labelSource = "kiln.source"

// labelSize is the label of a sealed volume that records what its tree takes on disk, in
// bytes. An overlay has none.
const labelSize = "kiln.size"

// downloads is the volume that keeps downloaded packages, by their sha256.
const downloads = "kiln-downloads"

// sealed reports whether a tree's volume is complete, and if so reads the tree's
// signature and time from its label.
func (v Volumes) sealed(ctx context.Context, t *source.Tree) (bool, error) {
	labels, complete, err := v.Engine.Volumes().Sealed(ctx, t.Volume)
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

// fill creates a tree's volume, lets put fill it, and seals it when that succeeds; else
// nothing of it stays. put gets a container with the volume at tree and the further mounts.
func (f Fetcher) fill(ctx context.Context, t *source.Tree, mounts []engine.Mount, put func(*engine.Container) error) error {
	if err := f.Engine.Volumes().Remove(ctx, t.Volume); err != nil { // what an interrupted run left
		return err
	}
	if err := f.Engine.Volumes().Create(ctx, t.Volume, engine.Sealed, labels(t.Ref)); err != nil {
		return err
	}
	return f.fillExisting(ctx, t, mounts, put, sizeInside)
}

// fillExisting does the same with a volume that exists already. size measures it, or is nil
// for an overlay, which takes next to nothing.
func (f Fetcher) fillExisting(ctx context.Context, t *source.Tree, mounts []engine.Mount, put func(*engine.Container) error,
	size func(context.Context, *engine.Container) (string, error)) (err error) {
	defer func() {
		if err != nil {
			f.discard(ctx, t.Volume)
		}
	}()
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
	if origin := f.originOf(t); origin != "" {
		labels[labelOrigin] = origin
	}
	if size != nil {
		if labels[labelSize], err = size(ctx, ctr); err != nil {
			return err
		}
	}
	return f.Engine.Volumes().Seal(ctx, t.Volume, labels)
}

// discardTimeout bounds the removal of a volume that could not be filled: after a signal, all
// must end within 5 s. The next run finds what is left.
const discardTimeout = 3 * time.Second

// discard removes a volume that could not be filled, also after the run was cancelled.
func (v Volumes) discard(ctx context.Context, volume string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), discardTimeout)
	defer cancel()
	if err := v.Engine.Volumes().Remove(ctx, volume); err != nil {
		v.Console.Logf("volume %s could not be removed now, the next run does that: %v", volume, err)
	}
}

// sizeInside returns how much the container's tree takes on the engine's disk, in bytes.
func sizeInside(ctx context.Context, ctr *engine.Container) (string, error) {
	out, err := ctr.Output(ctx, engine.Command{Argv: []string{"du", "--summarize", "--block-size=1", tree}})
	size, _, _ := strings.Cut(out, "\t")
	return size, fault.Wrap(fault.Environment, err)
}

// container starts the container that fetches and unpacks a source. It has a network only
// where the source is fetched from inside it.
func (v Volumes) container(ctx context.Context, ref source.Ref, mounts ...engine.Mount) (*engine.Container, error) {
	image, err := v.Image(ctx)
	if err != nil {
		return nil, err
	}
	if err := v.Engine.Volumes().Create(ctx, downloads, "downloads", nil); err != nil {
		return nil, err
	}
	return v.Engine.Run(ctx, engine.Spec{
		Image: image, Kind: "source", Name: ref.Version.String(), Command: []string{"sleep", "infinity"},
		Mounts:  append(mounts, engine.Mount{Volume: downloads, Path: "/downloads"}),
		Offline: ref.Commit == "" && (ref.Kind == source.KernelOrg || ref.Kind == source.Folder || ref.Kind == source.Tarball),
	})
}

// labels describes a volume to people who list the engine's.
func labels(ref source.Ref) map[string]string {
	url := ref.URL
	if ref.Kind == source.Folder || ref.Kind == source.Tarball {
		url = absolute(url)
	}
	return map[string]string{labelSource: ref.String(), "kiln.url": url}
}
