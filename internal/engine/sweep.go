package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/volume"
)

// labelled selects what Kiln made.
func labelled() filters.Args { return filters.NewArgs(filters.Arg("label", Label)) }

// Scratch is the kind of a volume that is of no use to a later run.
const Scratch = "scratch"

// Sweep removes the containers and the scratch volumes that interrupted runs of this
// machine left behind, and gives their names. Other volumes and images stay: they are
// caches that the next run goes on with.
func (e *Client) Sweep(ctx context.Context) ([]string, error) {
	list, err := e.api.ContainerList(ctx, container.ListOptions{All: true, Filters: labelled()})
	if err != nil {
		return nil, failed("list containers", err)
	}
	var removed []string
	for _, c := range list {
		if !e.owner.gone(c.Labels) {
			continue
		}
		if err := e.removeContainer(ctx, c.ID); err != nil {
			return removed, err
		}
		removed = append(removed, "container "+containerName(c))
	}
	volumes, err := e.api.VolumeList(ctx, volume.ListOptions{Filters: filters.NewArgs(filters.Arg("label", Label+"="+Scratch))})
	if err != nil {
		return removed, failed("list volumes", err)
	}
	for _, v := range volumes.Volumes {
		if !e.owner.gone(v.Labels) {
			continue
		}
		err := e.Volumes().Remove(ctx, v.Name)
		if cerrdefs.IsConflict(err) { // a container has it still: the next run's turn
			continue
		}
		if err != nil {
			return removed, err
		}
		removed = append(removed, "volume "+v.Name)
	}
	return removed, nil
}

// Pruned counts what Prune removed.
type Pruned struct {
	Containers int `json:"containers"`
	Volumes    int `json:"volumes"`
	Images     int `json:"images"`
}

// Prune removes every container, volume and image that Kiln made in the engine.
// What cannot be removed, because something else uses it, is reported and the
// rest goes on.
func (e *Client) Prune(ctx context.Context) (Pruned, error) {
	var done Pruned
	var faults []error
	count := func(n *int, doing string, err error) {
		if err == nil {
			*n++
		} else if !cerrdefs.IsNotFound(err) {
			faults = append(faults, failed(doing, err))
		}
	}
	containers, err := e.api.ContainerList(ctx, container.ListOptions{All: true, Filters: labelled()})
	if err != nil {
		return done, failed("list containers", err)
	}
	for _, c := range containers {
		count(&done.Containers, "remove container "+containerName(c), e.removeContainer(ctx, c.ID))
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
	return done, errors.Join(faults...)
}

func containerName(c container.Summary) string {
	if len(c.Names) > 0 {
		return c.Names[0][1:]
	}
	return shortID(c.ID)
}

// shortID cuts an id to what people read.
func shortID(id string) string {
	const digits = len("sha256:") + 12
	if len(id) > digits {
		return id[:digits]
	}
	return fmt.Sprint(id)
}

// Containers gives the names of Kiln's containers that begin so, of whichever run.
func (e *Client) Containers(ctx context.Context, prefix string) ([]string, error) {
	list, err := e.api.ContainerList(ctx, container.ListOptions{All: true, Filters: labelled()})
	var names []string
	for _, c := range list {
		if name := containerName(c); strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	return names, failed("list containers", err)
}
