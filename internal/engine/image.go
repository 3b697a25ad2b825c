package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/jsonmessage"
	"github.com/moby/go-archive"
	"github.com/romanatrashyonok/kiln/internal/fault"
)

// Image is an image in the engine's store.
type Image struct {
	ID      string // sha256:...
	Tags    []string
	Digests []string // repository@sha256:..., of the registries it came from or went to
	Labels  map[string]string
	Size    int64 // bytes, uncompressed
	Created time.Time
	Tagged  time.Time // when it was last tagged in this engine
}

// ErrNoImage is the error for an image that the engine does not have.
var ErrNoImage = errors.New("no such image")

// FindImage looks up an image by tag, digest or id in the engine's store. The error is
// ErrNoImage where it is not there.
func (e *Client) FindImage(ctx context.Context, ref string) (Image, error) {
	info, err := e.api.ImageInspect(ctx, ref)
	if cerrdefs.IsNotFound(err) {
		return Image{}, fmt.Errorf("find image %s: %w", ref, ErrNoImage)
	}
	if err != nil {
		return Image{}, failed("find image "+ref, err)
	}
	created, _ := time.Parse(time.RFC3339Nano, info.Created)
	found := Image{
		ID: info.ID, Tags: info.RepoTags, Digests: info.RepoDigests, Size: info.Size,
		Created: created, Tagged: info.Metadata.LastTagTime,
	}
	if info.Config != nil {
		found.Labels = info.Config.Labels
	}
	return found, nil
}

// Images returns the images of a kind that Kiln built and that have all the labels.
func (e *Client) Images(ctx context.Context, kind string, labels map[string]string) ([]Image, error) {
	query := filters.NewArgs(filters.Arg("label", Label+"="+kind))
	for k, v := range labels {
		query.Add("label", k+"="+v)
	}
	list, err := e.api.ImageList(ctx, image.ListOptions{Filters: query})
	if err != nil {
		return nil, failed("list images", err)
	}
	var found []Image
	for _, each := range list {
		i, err := e.FindImage(ctx, each.ID)
		if errors.Is(err, ErrNoImage) {
			continue // removed meanwhile
		}
		if err != nil {
			return nil, err
		}
		found = append(found, i)
	}
	return found, nil
}

// Tag adds a name to an image.
func (e *Client) Tag(ctx context.Context, id, ref string) error {
	return failed("tag "+shortID(id)+" as "+ref, e.api.ImageTag(ctx, id, ref))
}

// RemoveImage removes a name of an image, and with the last name the image. An image that
// does not exist is no error.
func (e *Client) RemoveImage(ctx context.Context, ref string) error {
	_, err := e.api.ImageRemove(ctx, ref, image.RemoveOptions{Force: true, PruneChildren: true})
	if cerrdefs.IsNotFound(err) {
		return nil
	}
	return failed("remove image "+ref, err)
}

// Import creates an image of one layer from a root file system, a tar stream, under the
// name ref. The changes are lines of a Dockerfile (CMD, ENV, LABEL, ...).
func (e *Client) Import(ctx context.Context, root io.Reader, ref string, changes ...string) error {
	return importTar(ctx, e.api, root, ref, append(changes, fmt.Sprintf("LABEL %s=%q", Label, "base")))
}

func importTar(ctx context.Context, api client.ImageAPIClient, root io.Reader, ref string, changes []string) error {
	stream, err := api.ImageImport(ctx, image.ImportSource{Source: root, SourceName: "-"}, ref, image.ImportOptions{Changes: changes})
	if err != nil {
		return failed("import "+ref, err)
	}
	defer stream.Close()
	return failed("import "+ref, drain(stream))
}

// ImportFrom creates an image of one folder of a container, streamed from the engine and
// back. The folder keeps its name; the image has nothing else.
func (e *Client) ImportFrom(ctx context.Context, c *Container, dir, ref, kind string, labels map[string]string) error {
	stream, _, err := e.api.CopyFromContainer(ctx, c.ID, dir)
	if err != nil {
		return failed("read the container's "+dir, err)
	}
	defer stream.Close()
	return importTar(ctx, e.api, stream, ref, labelLines(kind, labels))
}

// ImportFolder creates an image of the content of a local folder.
func (e *Client) ImportFolder(ctx context.Context, dir, ref, kind string, labels map[string]string) error {
	stream, err := archive.TarWithOptions(dir, &archive.TarOptions{ChownOpts: &archive.ChownOpts{UID: 0, GID: 0}})
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	defer stream.Close()
	return importTar(ctx, e.api, stream, ref, labelLines(kind, labels))
}

// labelLines returns the labels of an image of a kind as lines of a Dockerfile.
func labelLines(kind string, labels map[string]string) []string {
	lines := []string{fmt.Sprintf("LABEL %s=%q", Label, kind)}
	for k, v := range labels {
		lines = append(lines, fmt.Sprintf("LABEL %s=%q", k, v))
	}
	return lines
}

// CopyFromImage copies files or folders out of an image into the folder dest. Nothing of the
// image runs.
func (e *Client) CopyFromImage(ctx context.Context, ref, dest string, sources ...string) error {
	if _, err := e.FindImage(ctx, ref); err != nil {
		return err
	}
	spec := Spec{Image: ref, Kind: "extract", Command: []string{"none"}} // never run; an image without a command needs one
	c, err := e.Create(ctx, spec)
	if err != nil {
		return err
	}
	defer c.Remove()
	for _, source := range sources {
		if err := c.Get(ctx, source, dest); err != nil {
			return err
		}
	}
	return nil
}

// drain reads the JSON stream that a pull, an import or a load answers with. In it the
// engine reports failures under a status of 200.
func drain(stream io.Reader) error { return drainEach(stream, func(jsonmessage.JSONMessage) {}) }

// drainEach is drain, and calls each with every message that is no failure.
func drainEach(stream io.Reader, each func(jsonmessage.JSONMessage)) error {
	decoder := json.NewDecoder(stream)
	for {
		var m jsonmessage.JSONMessage
		if err := decoder.Decode(&m); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if m.Error != nil {
			return m.Error
		}
		each(m)
	}
}
