package engine

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
	"github.com/romanatrashyonok/kiln/internal/imagebuild/imagebuildtest"
	"github.com/romanatrashyonok/kiln/internal/registry/registrytest"
)

// tiny composes an image of one file on nothing.
func tiny(t *testing.T, text string) *imagebuild.Image {
	return imagebuildtest.Tiny(t, imagebuildtest.Bare("amd64"), text, time.Now())
}

func TestUploadTagAndPullBack(t *testing.T) {
	e, address := realEngine(t), registrytest.Start(t)
	e.getenv = registrytest.WithTestAccount(UsernameVariable, PasswordVariable, registrytest.Password)
	repository := address + "/ware"
	staging := repository + ":staging"
	digest, err := e.Upload(t.Context(), staging, tiny(t, "one"))
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{staging, repository + "@" + digest} {
		if got, err := e.RemoteDigest(t.Context(), ref); err != nil || got != digest {
			t.Errorf("the registry says of %s: %s, %v; the push said %s", ref, got, err, digest)
		}
	}
	if _, err := e.RemoteDigest(t.Context(), repository+":v1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("before it is tagged: %v", err)
	}
	if err := e.SetTag(t.Context(), repository+"@"+digest, "v1"); err != nil {
		t.Fatal(err)
	}
	if got, err := e.RemoteDigest(t.Context(), repository+":v1"); err != nil || got != digest {
		t.Errorf("tagged: %s, %v", got, err)
	}
	if err := e.Lookup(t.Context(), repository+":v1"); err != nil {
		t.Errorf("look up: %v", err)
	}
	if err := e.Pull(t.Context(), repository+"@"+digest); err != nil {
		t.Errorf("pull back: %v", err)
	}
	defer e.RemoveImage(context.Background(), repository+"@"+digest)
}

func TestWrongPasswordIsToldAndNotRepeated(t *testing.T) {
	e, address := realEngine(t), registrytest.Start(t)
	e.getenv = registrytest.WithTestAccount(UsernameVariable, PasswordVariable, "wrong-hunter2")
	ref := address + "/ware:v1"
	_, pushErr := e.Upload(t.Context(), ref, tiny(t, "one"))
	_, headErr := e.RemoteDigest(t.Context(), ref)
	for _, err := range []error{pushErr, headErr, e.Pull(t.Context(), ref), e.Lookup(t.Context(), ref)} {
		if err == nil || fault.Code(err) != int(fault.Environment) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v", err)
		}
	}
	if !errors.Is(pushErr, ErrDenied) {
		t.Errorf("the push does not say that it was the credentials: %v", pushErr)
	}
}

func TestUnreachableRegistryFailsWithinSeconds(t *testing.T) {
	e := realEngine(t)
	start := time.Now()
	err := e.Lookup(t.Context(), "registry.invalid/nginx:1.30")
	if fault.Code(err) != int(fault.Environment) {
		t.Errorf("got %v", err)
	}
	if spent := time.Since(start); spent > 8*time.Second {
		t.Errorf("it took %s", spent)
	}
}
