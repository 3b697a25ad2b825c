package imagebuild

import (
	"bytes"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// Pushable is what can be pushed under a name: an image or an index.
type Pushable interface {
	RawManifest() ([]byte, error)
}

// Digest returns the digest that a registry will have it under, "sha256:...".
func Digest(p Pushable) (string, error) {
	text, err := p.RawManifest()
	if err != nil {
		return "", err
	}
	h, _, err := v1.SHA256(bytes.NewReader(text))
	return h.String(), err
}

// Platform returns the platform of an image, as "linux/arm64".
func (i *Image) Platform() (string, error) {
	config, err := i.ConfigFile()
	if err != nil {
		return "", err
	}
	return config.Platform().String(), nil
}

// Index returns an index of the images, each for a different platform, in their order (OCI
// image specification, image-index.md).
func Index(images ...*Image) (Pushable, error) {
	var list []mutate.IndexAddendum
	seen := map[string]bool{}
	for _, i := range images {
		config, err := i.ConfigFile()
		if err != nil {
			return nil, err
		}
		p := config.Platform()
		if seen[p.String()] {
			return nil, fmt.Errorf("build the index: two images are for %s", p)
		}
		seen[p.String()] = true
		list = append(list, mutate.IndexAddendum{Add: i, Descriptor: v1.Descriptor{Platform: p}})
	}
	return mutate.AppendManifests(empty.Index, list...), nil
}
