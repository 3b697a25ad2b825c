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

// ImageBase returns an image of the engine's store as a base to build on. Its configuration
// comes from the cache, else from the engine; its layers are copied out of the engine when
// they are first read, to a temporary file that done removes.
func (e *Client) ImageBase(ctx context.Context, id string, cache imagebuild.Cache) (base imagebuild.Base, done func(), err error) {
	found, err := e.FindImage(ctx, id)
	if err != nil {
		return base, nil, err
	}
	saved := &savedImage{engine: e, ctx: ctx, id: found.ID}
	saved.image = sync.OnceValues(saved.fetch)
	key := "base-" + strings.TrimPrefix(found.ID, "sha256:")
	if !cache.Read(key, &base.Config) {
		if base.Config, err = saved.config(); err != nil {
			return base, nil, failed("read image "+shortID(found.ID), err)
		}
		cache.Write(key, base.Config)
	}
	config, err := v1.ParseConfigFile(bytes.NewReader(base.Config))
	if err != nil {
		return base, nil, failed("read the configuration of "+id, err)
	}
	for n, diffID := range config.RootFS.DiffIDs {
		base.Layers = append(base.Layers, imagebuild.NewLayer(diffID, func() (io.ReadCloser, error) { return saved.layer(n) }, cache))
	}
	return base, saved.remove, nil
}

// savedImage is an image that is copied out of the engine when it is needed.
type savedImage struct {
	engine    *Client
	ctx       context.Context
	id        string
	dir       string
	removeDir func()                   // nil while there is no folder
	image     func() (v1.Image, error) // once
}

// maxConfig is the size, in bytes, above which a file is not read as a configuration.
const maxConfig = 8 << 20

// config reads the configuration file from the engine's archive of the image, and no
// further. Its name is in manifest.json, which may come before or after it.
func (s *savedImage) config() ([]byte, error) {
	stream, err := s.engine.api.ImageSave(s.ctx, []string{s.id})
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	var list []struct{ Config string }
	small := map[string][]byte{}
	for in := tar.NewReader(stream); ; {
		head, err := in.Next()
		if err == io.EOF {
			return nil, errors.New("the archive has no configuration")
		}
		if err != nil {
			return nil, err
		}
		if head.Size > maxConfig || head.Typeflag != tar.TypeReg {
			continue
		}
		body, err := io.ReadAll(in)
		if err != nil {
			return nil, err
		}
		small[head.Name] = body
		if head.Name == "manifest.json" && json.Unmarshal(body, &list) != nil {
			return nil, errors.New("its manifest.json is not a list")
		}
		if len(list) == 1 && small[list[0].Config] != nil {
			return small[list[0].Config], nil
		}
	}
}

// fetch copies the image to a temporary file.
func (s *savedImage) fetch() (v1.Image, error) {
	action := "copy image " + shortID(s.id) + " out of the engine"
	var err error
	if s.dir, s.removeDir, err = scratch.Dir("image"); err != nil {
		return nil, err
	}
	stream, err := s.engine.api.ImageSave(s.ctx, []string{s.id})
	if err != nil {
		return nil, failed(action, err)
	}
	defer stream.Close()
	file, err := os.Create(filepath.Join(s.dir, "image.tar"))
	if err != nil {
		return nil, fault.Wrap(fault.Environment, err)
	}
	defer file.Close()
	if _, err := io.Copy(file, stream); err != nil {
		return nil, failed(action, err)
	}
	image, err := tarball.ImageFromPath(file.Name(), nil)
	return image, failed(action, err)
}

// layer opens the tar of the nth layer.
func (s *savedImage) layer(n int) (io.ReadCloser, error) {
	image, err := s.image()
	if err != nil {
		return nil, err
	}
	layers, err := image.Layers()
	if err != nil {
		return nil, failed("read image "+shortID(s.id), err)
	}
	if n >= len(layers) {
		return nil, failed("read image "+shortID(s.id), fmt.Errorf("expected layer %d, it has %d", n+1, len(layers)))
	}
	return layers[n].Uncompressed()
}

// remove removes the temporary file.
func (s *savedImage) remove() {
	if s.removeDir != nil {
		s.removeDir()
	}
}

// Load puts an image into the engine's store under the names and returns its id. Its lowest
// base layers, in number, are in the store already and are not sent; to a store that needs
// them nevertheless, as containerd's does, all layers are sent.
func (e *Client) Load(ctx context.Context, image *imagebuild.Image, base int, names ...string) (string, error) {
	err := load(ctx, e, image, base, names)
	if err != nil && base > 0 && ctx.Err() == nil {
		err = load(ctx, e, image, 0, names)
	}
	if err != nil {
		return "", err
	}
	found, err := e.FindImage(ctx, names[0])
	return found.ID, err
}

func load(ctx context.Context, e *Client, image *imagebuild.Image, base int, names []string) error {
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(image.Archive(writer, base, names...)) }()
	defer reader.CloseWithError(io.ErrClosedPipe) // ends the writer if the engine stopped reading
	answer, err := e.api.ImageLoad(ctx, reader)
	if err != nil {
		return failed("load image "+names[0], err)
	}
	defer answer.Body.Close()
	return failed("load image "+names[0], drain(answer.Body))
}
