package registry_test

import (
	"errors"
	"fmt"
	"net/http"
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
	image := tiny(t, "one")
	want, err := imagebuild.Digest(image)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := r.Upload(t.Context(), repository+"@"+want, image)
	if err != nil || digest != want {
		t.Fatalf("got %s, %v, want %s", digest, err, want)
	}
	if got, err := r.Digest(t.Context(), repository+"@"+digest); err != nil || got != digest {
		t.Errorf("got %s, %v, want %s", got, err, digest)
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

// TestTagThatTheRegistryKeeps has a real registry behind a proxy refuse to move a tag, as
// registries do whose tags are immutable, and refuse it to an account without the right.
func TestTagThatTheRegistryKeeps(t *testing.T) {
	upstream, r := registrytest.Start(t), registrytest.Client(registrytest.Password)
	for _, tc := range []struct {
		status  int
		message string
		want    error
	}{
		{http.StatusBadRequest, "The image tag 'latest' already exists and cannot be overwritten because the repository is immutable.", registry.ErrRefused},
		{http.StatusForbidden, "cannot overwrite an immutable tag", registry.ErrRefused},
		{http.StatusForbidden, "insufficient scope", registry.ErrDenied},
		{http.StatusUnauthorized, "authentication required", registry.ErrDenied},
		{http.StatusMethodNotAllowed, "The operation is disallowed on this registry, repository or image.", registry.ErrRefused},
		{http.StatusConflict, "tag is immutable", registry.ErrRefused},
		{http.StatusPreconditionFailed, "configured as immutable", registry.ErrRefused},
	} {
		repository := registrytest.FlakyProxy(t, upstream, registrytest.Keeps(upstream, tc.status, tc.message)) + "/site"
		if _, err := r.Upload(t.Context(), repository+":latest", tiny(t, "first")); err != nil && !errors.Is(err, tc.want) {
			t.Fatal(err)
		}
		second, err := imagebuild.Digest(tiny(t, tc.message))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Upload(t.Context(), repository+"@"+second, tiny(t, tc.message)); err != nil {
			t.Fatal(err)
		}
		err = r.SetTag(t.Context(), repository+"@"+second, "latest")
		if !errors.Is(err, tc.want) || fault.Code(err) != int(fault.Environment) || tc.want == registry.ErrRefused && !strings.Contains(err.Error(), tc.message) {
			t.Errorf("%d %s: got %v, want %v", tc.status, tc.message, err, tc.want)
		}
	}
}

func TestWaitForTheRegistryIsLogged(t *testing.T) {
	address := registrytest.FlakyProxy(t, registrytest.Start(t), registrytest.Answers(1, registrytest.Begins, http.StatusTooManyRequests, "Retry-After", "1"))
	r, log := registrytest.Client(registrytest.Password), make(chan string, 9)
	r.Logf = func(format string, args ...any) { log <- fmt.Sprintf(format, args...) }
	if _, err := r.Upload(t.Context(), address+"/site:1", tiny(t, "one")); err != nil {
		t.Fatal(err)
	}
	if len(log) != 1 || !strings.Contains(<-log, address) {
		t.Errorf("%d lines were logged, want one with the registry", len(log))
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
