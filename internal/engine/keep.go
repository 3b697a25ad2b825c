package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
)

// keptRepository is the repository of names that keep images: each belongs to a run, which it
// identifies. An image exists at least as long as it has a name.
const keptRepository = "kiln/in-use"

// releaseTimeout bounds the removal of names when a run ends.
const releaseTimeout = 2 * time.Second

// KeepName returns a new name that keeps the image that gets it from being removed by a
// different run. It is removed by Release or Close, or by Sweep once this run has died.
func (e *Client) KeepName() string {
	name := fmt.Sprintf("%s:%s-%08x", keptRepository, e.owner.Tag(), rand.Uint32())
	e.keeping.Lock()
	defer e.keeping.Unlock()
	e.kept = append(e.kept, name)
	return name
}

// keeps reports whether a name keeps an image for this client.
func (e *Client) keeps(name string) bool {
	e.keeping.Lock()
	defer e.keeping.Unlock()
	return slices.Contains(e.kept, name)
}

// Keep keeps the image that a name means now, if Kiln built it, and returns it. The error is
// ErrNoImage where the name means none.
func (e *Client) Keep(ctx context.Context, ref string) (Image, error) {
	found, err := e.FindImage(ctx, ref)
	if err != nil || found.Labels[Label] == "" {
		return found, err
	}
	name := e.KeepName()
	if err := e.api.ImageTag(ctx, ref, name); cerrdefs.IsNotFound(err) {
		return Image{}, fmt.Errorf("find image %s: %w", ref, ErrNoImage)
	} else if err != nil {
		return Image{}, failed("keep image "+ref, err)
	}
	return e.FindImage(ctx, name) // ref may mean a different one by now
}

// Release no longer keeps an image, and removes it if it has no other name and Kiln built it.
func (e *Client) Release(ctx context.Context, id string) error {
	found, err := e.FindImage(ctx, id)
	if errors.Is(err, ErrNoImage) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, name := range found.Tags {
		if e.keeps(name) {
			e.removeName(ctx, name) // an error leaves the name to Sweep
		}
	}
	return e.removeNameless(ctx, id)
}

// releaseAll releases all images that this run keeps.
func (e *Client) releaseAll() {
	ctx, cancel := context.WithTimeout(context.Background(), releaseTimeout)
	defer cancel()
	e.keeping.Lock()
	names := slices.Clone(e.kept)
	e.keeping.Unlock()
	for _, name := range names {
		if found, err := e.FindImage(ctx, name); err == nil {
			e.Release(ctx, found.ID)
		}
	}
}

// Evict removes an image with all its names, and returns its tags. It reports false where a
// different run, or anything else, uses the image: then it stays, without these tags.
func (e *Client) Evict(ctx context.Context, id string) (tags []string, gone bool, err error) {
	found, err := e.FindImage(ctx, id)
	if err != nil {
		return nil, false, err
	}
	for _, tag := range found.Tags {
		if others := strings.HasPrefix(tag, keptRepository+":") && !e.keeps(tag); !others && e.removeName(ctx, tag) == nil {
			tags = append(tags, tag)
		}
	}
	for _, name := range found.Digests {
		e.removeName(ctx, name)
	}
	_, err = e.FindImage(ctx, id)
	if errors.Is(err, ErrNoImage) {
		return tags, true, nil
	}
	return tags, false, err
}

// removeName removes a name, and with the last one the image, unless something uses it.
func (e *Client) removeName(ctx context.Context, name string) error {
	_, err := e.api.ImageRemove(ctx, name, image.RemoveOptions{PruneChildren: true})
	if cerrdefs.IsNotFound(err) {
		return nil
	}
	return err
}

// removeNameless removes an image that Kiln built, and that has no tag, unless something
// uses it.
func (e *Client) removeNameless(ctx context.Context, id string) error {
	found, err := e.FindImage(ctx, id)
	if errors.Is(err, ErrNoImage) {
		return nil
	}
	if err != nil || len(found.Tags) > 0 || found.Labels[Label] == "" {
		return err
	}
	for _, name := range append(found.Digests, found.ID) {
		if err := e.removeName(ctx, name); cerrdefs.IsConflict(err) {
			return nil // in use
		} else if err != nil {
			return failed("remove image "+shortID(id), err)
		}
	}
	return nil
}

// sweepKept removes the names by which runs that have died kept images.
func (e *Client) sweepKept(ctx context.Context) (removed []string, err error) {
	list, err := e.api.ImageList(ctx, image.ListOptions{Filters: filters.NewArgs(filters.Arg("reference", keptRepository))})
	if err != nil {
		return nil, failed("list images", err)
	}
	for _, i := range list {
		for _, name := range i.RepoTags {
			tag, ours := strings.CutPrefix(name, keptRepository+":")
			if !ours || !e.owner.TagGone(tag) || e.removeName(ctx, name) != nil {
				continue
			}
			removed = append(removed, "image name "+name)
		}
		if err := e.removeNameless(ctx, i.ID); err != nil {
			return removed, err
		}
	}
	return removed, nil
}
