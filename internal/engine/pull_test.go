package engine

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild/imagebuildtest"
	"github.com/romanatrashyonok/kiln/internal/registry"
	"github.com/romanatrashyonok/kiln/internal/registry/registrytest"
)

func TestPull(t *testing.T) {
	e, repository := realEngine(t), registrytest.Start(t)+"/site"
	e.registry = registrytest.Client(registrytest.Password)
	image := imagebuildtest.Tiny(t, imagebuildtest.Bare("amd64"), "one", time.Now())
	digest, err := e.registry.Upload(t.Context(), repository+":v1", image)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Lookup(t.Context(), repository+":v1"); err != nil {
		t.Errorf("look up: %v", err)
	}
	if err := e.Pull(t.Context(), repository+"@"+digest); err != nil {
		t.Errorf("pull: %v", err)
	}
	defer e.RemoveImage(context.Background(), repository+"@"+digest)
}

func TestWrongPasswordIsDenied(t *testing.T) {
	e, address := realEngine(t), registrytest.Start(t)
	e.registry = registrytest.Client("wrong-hunter2")
	ref := address + "/site:v1"
	for _, err := range []error{e.Pull(t.Context(), ref), e.Lookup(t.Context(), ref)} {
		if fault.Code(err) != int(fault.Environment) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v, want an environment problem without the password", err)
		}
	}
	if err := e.Pull(t.Context(), ref); !errors.Is(err, registry.ErrDenied) {
		t.Errorf("pull: got %v, want ErrDenied", err)
	}
}

func TestUnreachableRegistryFailsWithinSeconds(t *testing.T) {
	e := realEngine(t)
	e.registry = registry.New(os.Getenv, "")
	start := time.Now()
	err := e.Lookup(t.Context(), "registry.invalid/nginx:1.30")
	if fault.Code(err) != int(fault.Environment) {
		t.Errorf("got %v", err)
	}
	if spent := time.Since(start); spent > 8*time.Second {
		t.Errorf("took %s", spent)
	}
}
