package engine

import (
	"context"
	"fmt"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/volume"
)

// Volumes are the named volumes of an engine. What belongs together by name: a volume, its
// Layer where it is an Overlay, its seal, and the record of its last use.
type Volumes struct{ engine *Client }

// Volumes returns the engine's volumes.
func (e *Client) Volumes() Volumes { return Volumes{e} }

// Suffixes of the volumes that belong to a volume.
const (
	layerSuffix = ".layer"  // holds the layers of an overlay
	sealSuffix  = ".sealed" // empty: records that the volume is complete
	usedSuffix  = ".used"   // empty: records when a run last used the volume, and which
)

// Create creates a volume of a kind, unless there is one of that name. The labels describe
// its contents to later runs.
func (v Volumes) Create(ctx context.Context, name, kind string, labels map[string]string) error {
	if exists, err := v.Has(ctx, name); err != nil || exists {
		return err
	}
	_, err := v.engine.api.VolumeCreate(ctx, volume.CreateOptions{Name: name, Labels: v.engine.labels(kind, labels)})
	return failed("create volume "+name, err)
}

// Has reports whether a volume exists.
func (v Volumes) Has(ctx context.Context, name string) (bool, error) {
	_, err := v.engine.api.VolumeInspect(ctx, name)
	if cerrdefs.IsNotFound(err) {
		return false, nil
	}
	return err == nil, failed("inspect volume "+name, err)
}

// CreateLayer creates the volume that an Overlay of this name keeps its changes in, and
// returns its name. Before the overlay is created the layer must get the folders upper
// and work.
func (v Volumes) CreateLayer(ctx context.Context, name, kind string) (layer string, err error) {
	layer = name + layerSuffix
	return layer, v.Create(ctx, layer, kind, nil)
}

// Layer returns the name of an overlay's layer; found is false for any other volume.
func (v Volumes) Layer(ctx context.Context, name string) (layer string, found bool, err error) {
	layer = name + layerSuffix
	found, err = v.Has(ctx, layer)
	return layer, found, err
}

// Overlay creates a volume that shows the contents of the volume lower and keeps changes to
// them in its layer: at once, whatever the size of lower. The engine mounts it out of its
// own folders (overlayfs, by the local driver) when a container starts; where the engine
// cannot do that, starting the container fails.
func (v Volumes) Overlay(ctx context.Context, name, lower, kind string, labels map[string]string) error {
	below, err := v.engine.api.VolumeInspect(ctx, lower)
	if err != nil {
		return failed("inspect volume "+lower, err)
	}
	layer, err := v.engine.api.VolumeInspect(ctx, name+layerSuffix)
	if err != nil {
		return failed("inspect volume "+name+layerSuffix, err)
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s/upper,workdir=%s/work", below.Mountpoint, layer.Mountpoint, layer.Mountpoint)
	_, err = v.engine.api.VolumeCreate(ctx, volume.CreateOptions{
		Name: name, Driver: "local", Labels: v.engine.labels(kind, labels),
		DriverOpts: map[string]string{"type": "overlay", "device": "overlay", "o": options},
	})
	return failed("create volume "+name, err)
}

// Remove removes a volume with all that belongs to it. It first waits for containers that
// are being removed in the background. A volume that does not exist is no error.
func (v Volumes) Remove(ctx context.Context, name string) error {
	v.engine.removals.Wait()
	for _, each := range []string{name + sealSuffix, name, name + layerSuffix, name + usedSuffix} { // an overlay before the layer it uses
		err := v.engine.api.VolumeRemove(ctx, each, false)
		if err != nil && !cerrdefs.IsNotFound(err) {
			return failed("remove volume "+each, err)
		}
	}
	return nil
}

// Seal records that the contents of a volume are complete. The record is a second, empty
// volume, since the labels of a volume cannot change: it is created atomically, outlives
// this process, and can be read without a container.
func (v Volumes) Seal(ctx context.Context, name string, labels map[string]string) error {
	return v.Create(ctx, name+sealSuffix, "seal", labels)
}

// Sealed reports whether a volume exists and is sealed, and returns the labels it was
// sealed with.
func (v Volumes) Sealed(ctx context.Context, name string) (labels map[string]string, sealed bool, err error) {
	if exists, err := v.Has(ctx, name); err != nil || !exists {
		return nil, false, err
	}
	seal, err := v.engine.api.VolumeInspect(ctx, name+sealSuffix)
	if cerrdefs.IsNotFound(err) {
		return nil, false, nil
	}
	return seal.Labels, err == nil, failed("inspect the seal of volume "+name, err)
}
