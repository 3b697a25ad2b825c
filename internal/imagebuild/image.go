package imagebuild

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// Base is an image to build on.
type Base struct {
	Config []byte     // its configuration file (OCI image specification, config.md)
	Layers []v1.Layer // lowest first
}

// Platform returns the platform of the base, as "linux/arm64"; ok is false where its
// configuration has none.
func (b Base) Platform() (name string, ok bool) {
	config, err := v1.ParseConfigFile(bytes.NewReader(b.Config))
	if err != nil || config.Platform() == nil {
		return "", false
	}
	return config.Platform().String(), true
}

// Image is a built image. It implements v1.Image; its manifest, for which the layers have to
// be compressed, is computed on first use.
type Image struct {
	config   []byte
	layers   []v1.Layer
	manifest func() (*v1.Manifest, error) // once
}

// Image builds the image: the base with the files in one more layer.
func (d Dockerfile) Image(base Base, in Input) (*Image, error) {
	e, err := d.run(base, in)
	if err != nil {
		return nil, err
	}
	config := e.image
	maps.Copy(config.Config.Labels, in.Labels)
	layer, err := e.files.layer(in.Context, in.Cache)
	if err != nil {
		return nil, fault.Wrap(fault.Environment, err)
	}
	config.Created = v1.Time{Time: in.Created.UTC()}
	config.Container, config.Config.Image, config.Config.Hostname = "", "", "" // they describe the machine that built the base
	config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, layer.diffID)
	config.History = append(config.History, v1.History{Created: config.Created, CreatedBy: "kiln", Comment: "composed by a Dockerfile"})
	return newImage(config, append(slices.Clone(base.Layers), layer))
}

// Copied is a file that an image gets of the build context.
type Copied struct {
	Source string // in the context
	Path   string // in the image, absolute
	UID    int    // of its owner
	GID    int
}

// Copied returns the files that Image would copy, sorted by path. It reads none of them.
func (d Dockerfile) Copied(base Base, in Input) ([]Copied, error) {
	e, err := d.run(base, in)
	if err != nil {
		return nil, err
	}
	return e.copied(), nil
}

// copied returns the files so far, sorted by path.
func (e *evaluator) copied() (list []Copied) {
	for _, name := range slices.Sorted(maps.Keys(e.files)) {
		if f := e.files[name]; f.source != "" {
			list = append(list, Copied{f.source, "/" + name, f.uid, f.gid})
		}
	}
	return list
}

// run executes the Dockerfile on the configuration of a base.
func (d Dockerfile) run(base Base, in Input) (*evaluator, error) {
	config, err := v1.ParseConfigFile(bytes.NewReader(base.Config))
	if err != nil {
		return nil, fault.Wrap(fault.Environment, fmt.Errorf("read the base's configuration: %w", err))
	}
	s, err := d.parse(nil)
	if err != nil {
		return nil, err
	}
	config.Config = writable(config.Config)
	e := &evaluator{stage: s, input: in, image: config, config: &config.Config, args: map[string]string{}, files: files{}}
	e.platform = map[string]string{
		"TARGETOS": config.OS, "TARGETARCH": config.Architecture, "TARGETVARIANT": config.Variant, "TARGETPLATFORM": config.Platform().String(),
	}
	return e, d.evaluate(e)
}

func newImage(config *v1.ConfigFile, layers []v1.Layer) (*Image, error) {
	text, err := json.Marshal(config)
	if err != nil {
		return nil, err
	}
	if len(config.RootFS.DiffIDs) != len(layers) {
		return nil, fault.New(fault.Environment, "", "build the image: its configuration names %d layers, it has %d", len(config.RootFS.DiffIDs), len(layers))
	}
	i := &Image{config: text, layers: layers}
	i.manifest = sync.OnceValues(i.newManifest)
	return i, nil
}

// newManifest computes the manifest (OCI image specification, manifest.md).
func (i *Image) newManifest() (*v1.Manifest, error) {
	name, size, err := v1.SHA256(bytes.NewReader(i.config))
	if err != nil {
		return nil, err
	}
	m := &v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1,
		Config: v1.Descriptor{MediaType: types.OCIConfigJSON, Digest: name, Size: size},
	}
	for _, l := range i.layers {
		d, err := partial.Descriptor(l)
		if err != nil {
			return nil, err
		}
		if d.MediaType == types.DockerLayer { // OCI's name for the same format
			d.MediaType = types.OCILayer
		}
		m.Layers = append(m.Layers, *d)
	}
	return m, nil
}

// Layers returns the layers, lowest first.
func (i *Image) Layers() ([]v1.Layer, error) { return i.layers, nil }

// MediaType returns the media type of the manifest.
func (i *Image) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }

// Size returns the size of the manifest in bytes.
func (i *Image) Size() (int64, error) { return partial.Size(i) }

// ConfigName returns the sha256 of the configuration file: the image's id in an engine.
func (i *Image) ConfigName() (v1.Hash, error) { return partial.ConfigName(i) }

// ConfigFile returns the parsed configuration file.
func (i *Image) ConfigFile() (*v1.ConfigFile, error) { return partial.ConfigFile(i) }

// RawConfigFile returns the configuration file.
func (i *Image) RawConfigFile() ([]byte, error) { return i.config, nil }

// Digest returns the sha256 of the manifest: the image's digest in a registry.
func (i *Image) Digest() (v1.Hash, error) { return partial.Digest(i) }

// Manifest returns the manifest.
func (i *Image) Manifest() (*v1.Manifest, error) { return i.manifest() }

// RawManifest returns the manifest as it is pushed.
func (i *Image) RawManifest() ([]byte, error) {
	m, err := i.manifest()
	if err != nil {
		return nil, err
	}
	return json.Marshal(m)
}

// LayerByDigest returns the layer, or the configuration, whose pushed bytes have a sha256.
func (i *Image) LayerByDigest(h v1.Hash) (v1.Layer, error) {
	if name, err := i.ConfigName(); err == nil && name == h {
		return partial.ConfigLayer(i)
	}
	return i.find(h, v1.Layer.Digest)
}

// LayerByDiffID returns the layer whose tar has a sha256.
func (i *Image) LayerByDiffID(h v1.Hash) (v1.Layer, error) { return i.find(h, v1.Layer.DiffID) }

func (i *Image) find(h v1.Hash, by func(v1.Layer) (v1.Hash, error)) (v1.Layer, error) {
	for _, l := range i.layers {
		if got, err := by(l); err != nil || got == h {
			return l, err
		}
	}
	return nil, fmt.Errorf("the image has no layer %s", h)
}
