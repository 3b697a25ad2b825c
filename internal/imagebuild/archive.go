package imagebuild

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// archiveManifest is an entry of manifest.json in an archive that an engine loads (Docker
// image specification v1.2, combined image JSON).
type archiveManifest struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// Archive writes the archive that an engine loads, with the image's names. The lowest skip
// layers are in the engine's store already: the archive names them without their contents.
func (i *Image) Archive(w io.Writer, skip int, names ...string) error {
	id, err := i.ConfigName()
	if err != nil {
		return err
	}
	manifest := archiveManifest{Config: id.Hex + ".json", RepoTags: names}
	out := tar.NewWriter(w)
	if err := writeFile(out, manifest.Config, int64(len(i.config)), bytes.NewReader(i.config)); err != nil {
		return err
	}
	for n, l := range i.layers {
		diffID, err := l.DiffID()
		if err != nil {
			return err
		}
		name := diffID.Hex + ".tar"
		if manifest.Layers = append(manifest.Layers, name); n < skip {
			continue
		}
		if err := writeLayer(out, name, l); err != nil {
			return err
		}
	}
	text, err := json.Marshal([]archiveManifest{manifest})
	if err != nil {
		return err
	}
	if err := writeFile(out, "manifest.json", int64(len(text)), bytes.NewReader(text)); err != nil {
		return err
	}
	return out.Close()
}

// writeLayer writes a layer's tar.
func writeLayer(out *tar.Writer, name string, l v1.Layer) error {
	size, err := unpackedSize(l)
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

// unpackedSize returns the number of bytes of a layer's tar. Where it is not known, the
// layer is read to be counted.
func unpackedSize(l v1.Layer) (int64, error) {
	if known, ok := l.(*Layer); ok && known.unpacked > 0 {
		return known.unpacked, nil
	}
	body, err := l.Uncompressed()
	if err != nil {
		return 0, err
	}
	defer body.Close()
	return io.Copy(io.Discard, body)
}

func writeFile(out *tar.Writer, name string, size int64, body io.Reader) error {
	if err := out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: size}); err != nil {
		return err
	}
	_, err := io.Copy(out, body)
	return err
}
