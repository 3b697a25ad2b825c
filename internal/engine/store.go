package engine

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
	"github.com/romanatrashyonok/kiln/internal/scratch"
)

// ImageBase gives an image of the engine's store as one to compose on. Its configuration is
// read at once, unless notes have it; its layers are copied out of the engine when
// somebody reads them, to a temporary file that done removes.
func (e *Client) ImageBase(ctx context.Context, id string, notes imagebuild.Cache) (base imagebuild.Base, done func(), err error) {
	found, err := e.FindImage(ctx, id)
	if err != nil {
		return base, nil, err
	}
	key := "base-" + strings.TrimPrefix(found.ID, "sha256:")
	if !notes.Read(key, &base.Config) {
		if base.Config, err = e.savedConfig(ctx, found.ID); err != nil {
			return base, nil, err
		}
		notes.Write(key, base.Config)
	}
	config, err := v1.ParseConfigFile(bytes.NewReader(base.Config))
	if err != nil {
		return base, nil, e.failed("read the configuration of "+id, err)
	}
	copied := &saved{engine: e, ctx: ctx, id: found.ID}
	copied.image = sync.OnceValues(copied.fetch)
	for n, diffID := range config.RootFS.DiffIDs {
		base.Layers = append(base.Layers, imagebuild.NewLayer(diffID, func() (io.ReadCloser, error) { return copied.layer(n) }, notes))
	}
	return base, copied.remove, nil
}

// savedConfig reads an image's configuration file out of the archive that the engine
// makes of it, and no further.
func (e *Client) savedConfig(ctx context.Context, id string) ([]byte, error) {
	stream, err := e.api.ImageSave(ctx, []string{id})
	if err != nil {
		return nil, e.failed("read image "+shortID(id), err)
	}
	defer stream.Close()
	var list []struct{ Config string }
	small := map[string][]byte{}
	in := tar.NewReader(stream)
	for {
		head, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, e.failed("read image "+shortID(id), err)
		}
		if head.Size > maxConfig || head.Typeflag != tar.TypeReg {
			continue
		}
		body, err := io.ReadAll(in)
		if err != nil {
			return nil, e.failed("read image "+shortID(id), err)
		}
		small[head.Name] = body
		if head.Name == "manifest.json" && json.Unmarshal(body, &list) != nil {
			return nil, e.failed("read image "+shortID(id), errors.New("its manifest.json is no list"))
		}
		if len(list) == 1 && small[list[0].Config] != nil {
			break
		}
	}
	if len(list) != 1 || small[list[0].Config] == nil {
		return nil, e.failed("read image "+shortID(id), errors.New("the archive has no configuration"))
	}
	return small[list[0].Config], nil
}

// maxConfig is more than any configuration file has, in bytes.
const maxConfig = 8 << 20

// saved is an image that is copied out of the engine when it is needed.
type saved struct {
	engine    *Client
	ctx       context.Context
	id        string
	removeDir func()                   // removes the copy; nil before there is one
	image     func() (v1.Image, error) // once
}

func (s *saved) fetch() (v1.Image, error) {
	doing := "copy image " + shortID(s.id) + " out of the engine"
	dir, remove, err := scratch.Dir("image")
	if err != nil {
		return nil, err
	}
	s.removeDir = remove
	stream, err := s.engine.api.ImageSave(s.ctx, []string{s.id})
	if err != nil {
		return nil, s.engine.failed(doing, err)
	}
	defer stream.Close()
	file, err := os.Create(filepath.Join(dir, "image.tar"))
	if err != nil {
		return nil, fault.Wrap(fault.Environment, err)
	}
	defer file.Close()
	if _, err := io.Copy(file, stream); err != nil {
		return nil, s.engine.failed(doing, err)
	}
	image, err := tarball.ImageFromPath(file.Name(), nil)
	return image, s.engine.failed(doing, err)
}

// layer opens the tar of the nth layer.
func (s *saved) layer(n int) (io.ReadCloser, error) {
	image, err := s.image()
	if err != nil {
		return nil, err
	}
	layers, err := image.Layers()
	if err != nil {
		return nil, s.engine.failed("read image "+shortID(s.id), err)
	}
	if n >= len(layers) {
		return nil, s.engine.failed("read image "+shortID(s.id), fmt.Errorf("it has %d layers, not %d", len(layers), n+1))
	}
	return layers[n].Uncompressed()
}

func (s *saved) remove() {
	if s.removeDir != nil {
		s.removeDir()
	}
}

// Load puts a composed image into the engine's store, under these names, and gives its
// id. The store has the base, of so many layers, already: where that is no help, as with
// containerd's store, all of it is sent.
func (e *Client) Load(ctx context.Context, image *imagebuild.Image, base int, names ...string) (string, error) {
	err := e.load(ctx, image, base, names)
	if err != nil && base > 0 && ctx.Err() == nil {
		err = e.load(ctx, image, 0, names)
	}
	if err != nil {
		return "", err
	}
	found, err := e.FindImage(ctx, names[0])
	return found.ID, err
}

func (e *Client) load(ctx context.Context, image *imagebuild.Image, have int, names []string) error {
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(image.Archive(writer, have, names...)) }()
	defer reader.CloseWithError(io.ErrClosedPipe) // ends the writer if the engine gave up early
	answer, err := e.api.ImageLoad(ctx, reader)
	if err != nil {
		return e.failed("load image "+names[0], err)
	}
	defer answer.Body.Close()
	return e.failed("load image "+names[0], e.drain(answer.Body, nil))
}
