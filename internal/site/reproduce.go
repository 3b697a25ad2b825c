package site

import (
	"context"
	"fmt"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
)

// Reproduction is the result of a second build of the image.
type Reproduction struct {
	Image  string      `json:"image"`
	Commit string      `json:"commit"`
	Digest string      `json:"digest"` // sha256:... of the manifest, as a registry would have it
	ID     string      `json:"id"`     // of the image in the engine
	Same   bool        `json:"same"`
	Engine engine.Info `json:"engine"`
}

// String returns the result in a line.
func (r Reproduction) String() string {
	return fmt.Sprintf("%s at commit %.12s: a second build has the same digest: %s", r.Image, r.Commit, r.Digest)
}

// Reproduce assembles the built image a second time from a second source, a fresh checkout
// of the same commit. Configuration, layers and manifest must have the same sha256: else
// the error names the first that differs.
func (s Site) Reproduce(ctx context.Context, i Image, second Source) (Reproduction, error) {
	r := Reproduction{Image: i.Ref, Commit: s.Commit.ID, ID: i.ID}
	var err error
	if r.Engine, err = s.Engine.Info(ctx); err != nil {
		return r, err
	}
	one, err := s.digests(ctx, i)
	if err != nil {
		return r, err
	}
	s.Source = second
	two, err := s.digests(ctx, i)
	if err != nil {
		return r, err
	}
	r.Digest, r.Same = two.manifest, one == two
	if r.Same && r.Engine.Driver == graphDriver && two.config != i.ID {
		r.Same = false
		return r, fault.New(fault.Failed, "remove it and build it again: docker rmi "+i.Ref, "reproduce %s: the engine has %s, the second build is %s", i.Ref, i.ID, two.config)
	}
	if !r.Same {
		return r, fault.New(fault.Failed, "", "reproduce %s: the images differ: %s", i.Ref, one.difference(two))
	}
	return r, nil
}

// graphDriver is the store of engines that identify an image by its configuration's sha256.
const graphDriver = "overlay2"

// digests are the sha256 sums that identify an image, as sha256:...
type digests struct {
	manifest, config string
	layer            string // of the site's files, uncompressed
}

// difference describes the first sum that differs, from the inside out.
func (d digests) difference(other digests) string {
	switch {
	case d.layer != other.layer:
		return "the layers of the site's files are " + d.layer + " and " + other.layer
	case d.config != other.config:
		return "the configurations are " + d.config + " and " + other.config
	}
	return "the manifests are " + d.manifest + " and " + other.manifest
}

// digests assembles the image on the base of a built one, and returns its digests.
func (s Site) digests(ctx context.Context, i Image) (digests, error) {
	a, err := s.Assemble(ctx, i.Base)
	if err != nil {
		return digests{}, err
	}
	defer a.Close()
	image, err := a.Published(ctx)
	if err != nil {
		return digests{}, err
	}
	return digestsOf(image)
}

func digestsOf(image *imagebuild.Image) (d digests, err error) {
	config, err := image.ConfigName()
	if err != nil {
		return d, err
	}
	layers, err := image.Layers()
	if err != nil {
		return d, err
	}
	layer, err := layers[len(layers)-1].DiffID()
	if err != nil {
		return d, err
	}
	d.config, d.layer = config.String(), layer.String()
	d.manifest, err = imagebuild.Digest(image)
	return d, err
}
