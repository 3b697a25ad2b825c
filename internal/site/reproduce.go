package site

import (
	"context"
	"fmt"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
)

// Reproduction tells whether an image made again is the same.
type Reproduction struct {
	Image  string      `json:"image"`
	Commit string      `json:"commit"`
	Digest string      `json:"digest"` // sha256:... of the manifest, as a registry would have it
	ID     string      `json:"id"`     // of the image in the engine
	Same   bool        `json:"same"`
	Engine engine.Info `json:"engine"`
}

// String tells it in a line.
func (r Reproduction) String() string {
	return fmt.Sprintf("%s at commit %.12s: made again, the same digest: %s", r.Image, r.Commit, r.Digest)
}

// Reproduce composes the image out of the files of another shop, a fresh checkout of the
// same commit, and compares it with the one that is built: configuration, layers and
// manifest have the same sha256, or it is an error that says which has not.
func (s Site) Reproduce(ctx context.Context, i Image, again Site) (Reproduction, error) {
	r := Reproduction{Image: i.Ref, Commit: s.Commit.ID, ID: i.ID}
	var err error
	if r.Engine, err = s.Engine.Info(ctx); err != nil {
		return r, err
	}
	one, err := s.named(ctx, i)
	if err != nil {
		return r, err
	}
	two, err := again.named(ctx, i)
	if err != nil {
		return r, err
	}
	r.Digest, r.Same = two.digest, one == two
	if r.Same && r.Engine.Driver == graphDriver && two.config != i.ID {
		r.Same = false
		return r, fault.New(fault.Failed, "docker rmi "+i.Ref+", then build the image again", "reproduce %s: the engine has %s, composed is %s", i.Ref, i.ID, two.config)
	}
	if !r.Same {
		return r, fault.New(fault.Failed, "", "reproduce %s: the images differ: %s", i.Ref, one.differs(two))
	}
	return r, nil
}

// graphDriver is the store of an engine that calls an image by its configuration's sum.
const graphDriver = "overlay2"

// names are the sums by which an image is known.
type names struct{ digest, config, layer string }

func (n names) differs(other names) string {
	switch {
	case n.layer != other.layer:
		return "the site's files are packed as " + n.layer + " and " + other.layer
	case n.config != other.config:
		return "its configuration is " + n.config + " and " + other.config
	}
	return "the manifest is " + n.digest + " and " + other.digest
}

// named composes the image on the base of a built one, and gives its names.
func (s Site) named(ctx context.Context, i Image) (n names, err error) {
	err = s.published(ctx, i.Base, func(_ *staged, image *imagebuild.Image) error {
		config, err := image.ConfigName()
		if err != nil {
			return err
		}
		layers, err := image.Layers()
		if err != nil {
			return err
		}
		layer, err := layers[len(layers)-1].DiffID()
		if err != nil {
			return err
		}
		n.config, n.layer = config.String(), layer.String()
		n.digest, err = imagebuild.Digest(image)
		return err
	})
	return n, err
}
