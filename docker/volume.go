package docker

import (
	"context"

	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
)

// Volume makes a named volume of a kind, or finds it if it is there. fresh
// tells which. Labels tell later runs what is in it.
func (e *Engine) Volume(ctx context.Context, name, kind string, labels map[string]string) (fresh bool, err error) {
	if _, err := e.api.VolumeInspect(ctx, name); err == nil {
		return false, nil
	} else if !client.IsErrNotFound(err) {
		return false, e.failed("inspect volume "+name, err)
	}
	_, err = e.api.VolumeCreate(ctx, volume.CreateOptions{Name: name, Labels: e.owner.labels(kind, labels)})
	return true, e.failed("create volume "+name, err)
}

// HasVolume tells whether a volume is there.
func (e *Engine) HasVolume(ctx context.Context, name string) (bool, error) {
	_, err := e.api.VolumeInspect(ctx, name)
	if client.IsErrNotFound(err) {
		return false, nil
	}
	return err == nil, e.failed("inspect volume "+name, err)
}

// RemoveVolume removes a volume; one that is not there is no error.
func (e *Engine) RemoveVolume(ctx context.Context, name string) error {
	err := e.api.VolumeRemove(ctx, name, false)
	if client.IsErrNotFound(err) {
		return nil
	}
	return e.failed("remove volume "+name, err)
}
