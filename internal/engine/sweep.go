package engine

import (
	"context"
	"errors"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/volume"
)

// labelled selects what Kiln created.
func labelled() filters.Args { return filters.NewArgs(filters.Arg("label", Label)) }

// The kinds of volumes that an interrupted run leaves useless to later runs.
const (
	Scratch = "scratch" // always
	Sealed  = "source"  // unless it is sealed
)

// Sweep removes the containers and the names of kept images that interrupted runs of this
// machine left behind, and the volumes that are of no use to later runs, and returns what it
// removed. Other volumes and images stay: they are caches for the next run.
func (e *Client) Sweep(ctx context.Context) ([]string, error) {
	list, err := e.api.ContainerList(ctx, container.ListOptions{All: true, Filters: labelled()})
	if err != nil {
		return nil, failed("list containers", err)
	}
	var removed []string
	for _, c := range list {
		if !e.owner.Gone(c.Labels) {
			continue
		}
		if err := removeContainer(ctx, e.api, c.ID); err != nil {
			return removed, err
		}
		removed = append(removed, "container "+containerName(c))
	}
	left, err := e.leftVolumes(ctx)
	if err != nil {
		return removed, err
	}
	for _, name := range left {
		err := e.Volumes().Remove(ctx, name)
		if cerrdefs.IsConflict(err) { // still used by a container: left for the next run
			continue
		}
		if err != nil {
			return removed, err
		}
		removed = append(removed, "volume "+name)
	}
	names, err := e.sweepKept(ctx)
	return append(removed, names...), err
}

// leftVolumes returns the volumes that are of no use to later runs and whose run has ended.
func (e *Client) leftVolumes(ctx context.Context) (names []string, err error) {
	scratch, err := e.Volumes().List(ctx, Scratch)
	if err != nil {
		return nil, err
	}
	unsealed, err := e.Volumes().List(ctx, Sealed)
	for _, v := range append(scratch, unsealed...) {
		if !v.Sealed && e.owner.Gone(v.owner) {
			names = append(names, v.Name)
		}
	}
	return names, err
}

// Pruned counts what Prune removed.
type Pruned struct {
	Containers int `json:"containers"`
	Volumes    int `json:"volumes"`
	Images     int `json:"images"`
}

// Prune removes every container, volume and image that Kiln created in the engine. What
// cannot be removed, because something else uses it, is in the error; the rest is removed.
func (e *Client) Prune(ctx context.Context) (Pruned, error) {
	var done Pruned
	var errs []error
	count := func(n *int, action string, err error) {
		if err == nil {
			*n++
		} else if !cerrdefs.IsNotFound(err) {
			errs = append(errs, failed(action, err))
		}
	}
	containers, err := e.api.ContainerList(ctx, container.ListOptions{All: true, Filters: labelled()})
	if err != nil {
		return done, failed("list containers", err)
	}
	for _, c := range containers {
		count(&done.Containers, "remove container "+containerName(c), removeContainer(ctx, e.api, c.ID))
	}
	volumes, err := e.api.VolumeList(ctx, volume.ListOptions{Filters: labelled()})
	if err != nil {
		return done, failed("list volumes", err)
	}
	for _, v := range volumes.Volumes {
		count(&done.Volumes, "remove volume "+v.Name, e.api.VolumeRemove(ctx, v.Name, false))
	}
	images, err := e.api.ImageList(ctx, image.ListOptions{All: false, Filters: labelled()})
	if err != nil {
		return done, failed("list images", err)
	}
	for _, i := range images {
		_, err := e.api.ImageRemove(ctx, i.ID, image.RemoveOptions{Force: true, PruneChildren: true})
		count(&done.Images, "remove image "+shortID(i.ID), err)
	}
	return done, errors.Join(errs...)
}

func containerName(c container.Summary) string {
	if len(c.Names) > 0 {
		return c.Names[0][1:]
	}
	return shortID(c.ID)
}

// shortID shortens an id to the length that docker prints.
func shortID(id string) string {
	const digits = len("sha256:") + 12
	if len(id) > digits {
		return id[:digits]
	}
	return id
}
