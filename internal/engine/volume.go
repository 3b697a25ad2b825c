package engine

import (
	"context"
	"fmt"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/volume"
)

// Volume makes a named volume of a kind, or finds it if it is there. fresh
// tells which. Labels tell later runs what is in it.
func (e *Client) Volume(ctx context.Context, name, kind string, labels map[string]string) (fresh bool, err error) {
	if _, err := e.api.VolumeInspect(ctx, name); err == nil {
		return false, nil
	} else if !cerrdefs.IsNotFound(err) {
		return false, e.failed("inspect volume "+name, err)
	}
	_, err = e.api.VolumeCreate(ctx, volume.CreateOptions{Name: name, Labels: e.owner.labels(kind, labels)})
	return true, e.failed("create volume "+name, err)
}

// HasVolume tells whether a volume is there.
func (e *Client) HasVolume(ctx context.Context, name string) (bool, error) {
	_, err := e.api.VolumeInspect(ctx, name)
	if cerrdefs.IsNotFound(err) {
		return false, nil
	}
	return err == nil, e.failed("inspect volume "+name, err)
}

// layerSuffix marks the volume that holds the layers of an overlay.
const layerSuffix = ".layer"

// Layer makes the volume that an Overlay of this name keeps its changes in. Before
// the overlay is made it must get the folders upper and work.
func (e *Client) Layer(ctx context.Context, name, kind string) (volume string, err error) {
	_, err = e.Volume(ctx, name+layerSuffix, kind, nil)
	return name + layerSuffix, err
}

// FindLayer gives the Layer of an overlay; found is false for a volume that is none.
func (e *Client) FindLayer(ctx context.Context, name string) (volume string, found bool, err error) {
	found, err = e.HasVolume(ctx, name+layerSuffix)
	return name + layerSuffix, found, err
}

// Overlay makes a volume that shows what another holds, and keeps what is changed in
// its Layer: in a moment, and however large the other is. It is mounted by the engine
// out of its own folders (overlayfs, through the local driver) when a container
// starts; where the engine cannot do that, starting the container fails.
func (e *Client) Overlay(ctx context.Context, name, lower, kind string, labels map[string]string) error {
	below, err := e.api.VolumeInspect(ctx, lower)
	if err != nil {
		return e.failed("inspect volume "+lower, err)
	}
	layer, err := e.api.VolumeInspect(ctx, name+layerSuffix)
	if err != nil {
		return e.failed("inspect volume "+name+layerSuffix, err)
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s/upper,workdir=%s/work", below.Mountpoint, layer.Mountpoint, layer.Mountpoint)
	_, err = e.api.VolumeCreate(ctx, volume.CreateOptions{
		Name: name, Driver: "local", Labels: e.owner.labels(kind, labels),
		DriverOpts: map[string]string{"type": "overlay", "device": "overlay", "o": options},
	})
	return e.failed("create volume "+name, err)
}

// RemoveVolume removes a volume, its seal first and its layer last; one that is not
// there is no error.
func (e *Client) RemoveVolume(ctx context.Context, name string) error {
	e.removals.Wait() // a container may hold it still
	for _, each := range []string{name + sealSuffix, name, name + layerSuffix} {
		err := e.api.VolumeRemove(ctx, each, false)
		if err != nil && !cerrdefs.IsNotFound(err) {
			return e.failed("remove volume "+each, err)
		}
	}
	return nil
}

// sealSuffix marks the empty volume that stands for the wholeness of another.
const sealSuffix = ".sealed"

// Seal records that what a volume holds is whole. The engine keeps the record as
// a second, empty volume, because labels of a volume cannot change: so it comes
// into being at once, survives this process, and costs no container to read.
func (e *Client) Seal(ctx context.Context, name string, labels map[string]string) error {
	_, err := e.Volume(ctx, name+sealSuffix, "seal", labels)
	return err
}

// Sealed tells whether a volume is there and whole, and with which labels it was
// sealed.
func (e *Client) Sealed(ctx context.Context, name string) (labels map[string]string, whole bool, err error) {
	if there, err := e.HasVolume(ctx, name); err != nil || !there {
		return nil, false, err
	}
	seal, err := e.api.VolumeInspect(ctx, name+sealSuffix)
	if cerrdefs.IsNotFound(err) {
		return nil, false, nil
	}
	return seal.Labels, err == nil, e.failed("inspect the seal of volume "+name, err)
}
