package registry_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
	"github.com/romanatrashyonok/kiln/internal/imagebuild/imagebuildtest"
	"github.com/romanatrashyonok/kiln/internal/registry"
	"github.com/romanatrashyonok/kiln/internal/registry/registrytest"
)

var created = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// tiny builds an image of one file, for linux/amd64.
func tiny(t *testing.T, text string) *imagebuild.Image {
	return imagebuildtest.Tiny(t, imagebuildtest.Bare("amd64"), text, created)
}

func TestUploadAndTag(t *testing.T) {
	r, repository := registrytest.Client(registrytest.Password), registrytest.Start(t)+"/site"
	staging := repository + ":staging"
	digest, err := r.Upload(t.Context(), staging, tiny(t, "one"))
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{staging, repository + "@" + digest} {
		if got, err := r.Digest(t.Context(), ref); err != nil || got != digest {
			t.Errorf("%s: got %s, %v, want %s", ref, got, err, digest)
		}
	}
	if _, err := r.Digest(t.Context(), repository+":v1"); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("before it is tagged: got %v, want ErrNotFound", err)
	}
	if err := r.SetTag(t.Context(), repository+"@"+digest, "v1"); err != nil {
		t.Fatal(err)
	}
	if got, err := r.Digest(t.Context(), repository+":v1"); err != nil || got != digest {
		t.Errorf("after it is tagged: got %s, %v, want %s", got, err, digest)
	}
}

func TestBaseIsForThePlatform(t *testing.T) {
	r, ref := registrytest.Client(registrytest.Password), registrytest.Start(t)+"/base:1"
	image := tiny(t, "one")
	digest, err := r.Upload(t.Context(), ref, image)
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.RawConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	base, byDigest, err := r.Base(t.Context(), ref, "linux/amd64")
	if err != nil || string(base.Config) != string(config) || len(base.Layers) != 1 || !strings.HasSuffix(byDigest, "@"+digest) {
		t.Errorf("got %s, %d layers, %s, %v", base.Config, len(base.Layers), byDigest, err)
	}
	if _, _, err := r.Base(t.Context(), ref, "linux/arm64"); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("a platform that it lacks: got %v, want ErrNotFound", err)
	}
	if got, err := r.Created(t.Context(), ref); err != nil || !got.Equal(created) {
		t.Errorf("created: got %s, %v, want %s", got, err, created)
	}
}

func TestWrongPasswordIsDenied(t *testing.T) {
	r, ref := registrytest.Client("wrong-hunter2"), registrytest.Start(t)+"/site:v1"
	_, uploadErr := r.Upload(t.Context(), ref, tiny(t, "one"))
	_, digestErr := r.Digest(t.Context(), ref)
	for _, err := range []error{uploadErr, digestErr} {
		if !errors.Is(err, registry.ErrDenied) || fault.Code(err) != int(fault.Environment) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v, want ErrDenied without the password", err)
		}
	}
}
