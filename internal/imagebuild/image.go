package imagebuild

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// Base is an image to put files on.
type Base struct {
	Config []byte     // its configuration file (OCI image specification, config.md)
	Layers []v1.Layer // the lowest first
}

// Platform is what the base is for, as "linux/arm64"; ok is false where it does not say.
func (b Base) Platform() (name string, ok bool) {
	config, err := v1.ParseConfigFile(bytes.NewReader(b.Config))
	if err != nil || config.Platform() == nil {
		return "", false
	}
	return config.Platform().String(), true
}

// Image is a composed image. It implements v1.Image; its manifest, for which layers have
// to be packed, is made when it is asked for.
type Image struct {
	config   []byte
	layers   []v1.Layer
	manifest func() (*v1.Manifest, error) // once
}

// Image puts the files on the base, as one layer.
func (r Dockerfile) Image(base Base, in Input) (*Image, error) {
	config, err := v1.ParseConfigFile(bytes.NewReader(base.Config))
	if err != nil {
		return nil, fault.Wrap(fault.Environment, fmt.Errorf("read the base's configuration: %w", err))
	}
	s, err := r.parse(nil)
	if err != nil {
		return nil, err
	}
	config.Config = open(config.Config)
	k := &evaluator{stage: s, input: in, config: &config.Config, args: map[string]string{}, files: files{}}
	k.platform = map[string]string{
		"TARGETOS": config.OS, "TARGETARCH": config.Architecture, "TARGETVARIANT": config.Variant, "TARGETPLATFORM": config.Platform().String(),
	}
	if err := r.follow(k); err != nil {
		return nil, err
	}
	maps.Copy(config.Config.Labels, in.Labels)
	layer, err := k.files.layer(in.Context, in.Cache)
	if err != nil {
		return nil, fault.Wrap(fault.Environment, err)
	}
	config.Created = v1.Time{Time: in.Created.UTC()}
	config.Container, config.Config.Image, config.Config.Hostname = "", "", "" // of the machine that made the base
	config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, layer.diffID)
	config.History = append(config.History, v1.History{Created: config.Created, CreatedBy: "kiln", Comment: "composed by a Dockerfile"})
	return newImage(config, append(slices.Clone(base.Layers), layer))
}

func newImage(config *v1.ConfigFile, layers []v1.Layer) (*Image, error) {
	text, err := json.Marshal(config)
	if err != nil {
		return nil, err
	}
	if len(config.RootFS.DiffIDs) != len(layers) {
		return nil, fault.New(fault.Environment, "", "compose an image: its configuration names %d layers, there are %d", len(config.RootFS.DiffIDs), len(layers))
	}
	i := &Image{config: text, layers: layers}
	i.manifest = sync.OnceValues(i.describe)
	return i, nil
}

// describe makes the manifest (OCI image specification, manifest.md).
func (i *Image) describe() (*v1.Manifest, error) {
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
		if d.MediaType == types.DockerLayer { // the same bytes under OCI's name
			d.MediaType = types.OCILayer
		}
		m.Layers = append(m.Layers, *d)
	}
	return m, nil
}

// Layers gives the layers, the lowest first.
func (i *Image) Layers() ([]v1.Layer, error) { return i.layers, nil }

// MediaType is that of the manifest.
func (i *Image) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }

// Size is that of the manifest.
func (i *Image) Size() (int64, error) { return partial.Size(i) }

// ConfigName is the sha256 of the configuration file; an engine calls the image by it.
func (i *Image) ConfigName() (v1.Hash, error) { return partial.ConfigName(i) }

// ConfigFile is the configuration file, read.
func (i *Image) ConfigFile() (*v1.ConfigFile, error) { return partial.ConfigFile(i) }

// RawConfigFile is the configuration file.
func (i *Image) RawConfigFile() ([]byte, error) { return i.config, nil }

// Digest is the sha256 of the manifest; a registry calls the image by it.
func (i *Image) Digest() (v1.Hash, error) { return partial.Digest(i) }

// Manifest is the manifest.
func (i *Image) Manifest() (*v1.Manifest, error) { return i.manifest() }

// RawManifest is the manifest as it is pushed.
func (i *Image) RawManifest() ([]byte, error) {
	m, err := i.manifest()
	if err != nil {
		return nil, err
	}
	return json.Marshal(m)
}

// LayerByDigest finds a layer, or the configuration, by the sha256 of what is pushed.
func (i *Image) LayerByDigest(h v1.Hash) (v1.Layer, error) {
	if name, err := i.ConfigName(); err == nil && name == h {
		return partial.ConfigLayer(i)
	}
	return i.find(h, v1.Layer.Digest)
}

// LayerByDiffID finds a layer by the sha256 of its tar.
func (i *Image) LayerByDiffID(h v1.Hash) (v1.Layer, error) { return i.find(h, v1.Layer.DiffID) }

func (i *Image) find(h v1.Hash, by func(v1.Layer) (v1.Hash, error)) (v1.Layer, error) {
	for _, l := range i.layers {
		if got, err := by(l); err != nil || got == h {
			return l, err
		}
	}
	return nil, fmt.Errorf("the image has no layer %s", h)
}

// archived is manifest.json of an archive that an engine loads (Docker image
// specification v1.2, combined image JSON).
type archived struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// Archive writes what an engine loads. Of the first layers, have in number, it has the
// files already: they are named alone.
func (i *Image) Archive(w io.Writer, have int, names ...string) error {
	id, err := i.ConfigName()
	if err != nil {
		return err
	}
	list := archived{Config: id.Hex + ".json", RepoTags: names}
	out := tar.NewWriter(w)
	if err := writeFile(out, list.Config, int64(len(i.config)), bytes.NewReader(i.config)); err != nil {
		return err
	}
	for n, l := range i.layers {
		diffID, err := l.DiffID()
		if err != nil {
			return err
		}
		name := diffID.Hex + ".tar"
		if list.Layers = append(list.Layers, name); n < have {
			continue
		}
		if err := writeLayer(out, name, l); err != nil {
			return err
		}
	}
	text, err := json.Marshal([]archived{list})
	if err != nil {
		return err
	}
	if err := writeFile(out, "manifest.json", int64(len(text)), bytes.NewReader(text)); err != nil {
		return err
	}
	return out.Close()
}

// writeLayer writes a layer's tar, whose length must be known first: it is read twice.
func writeLayer(out *tar.Writer, name string, l v1.Layer) error {
	counted, err := l.Uncompressed()
	if err != nil {
		return err
	}
	size, err := io.Copy(io.Discard, counted)
	counted.Close()
	if err != nil {
		return err
	}
	body, err := l.Uncompressed()
	if err != nil {
		return err
	}
	defer body.Close()
	return writeFile(out, name, size, body)
}

func writeFile(out *tar.Writer, name string, size int64, body io.Reader) error {
	if err := out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: size}); err != nil {
		return err
	}
	_, err := io.Copy(out, body)
	return err
}
