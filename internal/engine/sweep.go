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

// Scratch is the kind of volumes that are useless to later runs.
const Scratch = "scratch"

// Sweep removes the containers, the scratch volumes and the names of kept images that
// interrupted runs of this machine left behind, and returns what it removed. Other volumes and images stay: they are
// caches for the next run.
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
	volumes, err := e.api.VolumeList(ctx, volume.ListOptions{Filters: filters.NewArgs(filters.Arg("label", Label+"="+Scratch))})
	if err != nil {
		return removed, failed("list volumes", err)
	}
	for _, v := range volumes.Volumes {
		if !e.owner.Gone(v.Labels) {
			continue
		}
		err := e.Volumes().Remove(ctx, v.Name)
		if cerrdefs.IsConflict(err) { // still used by a container: left for the next run
			continue
		}
		if err != nil {
			return removed, err
		}
		removed = append(removed, "volume "+v.Name)
	}
	names, err := e.sweepKept(ctx)
	return append(removed, names...), err
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
