package base

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild/imagebuildtest"
	"github.com/romanatrashyonok/kiln/internal/registry/registrytest"
	"github.com/romanatrashyonok/kiln/internal/report"
)

func TestBootstrappedImageHasItsOwnName(t *testing.T) {
	e, c := enginetest.Connect(t), report.New(t.Output(), t.Output(), "")
	for ref, want := range map[string]string{
		"registry.invalid/debian:trixie-slim":     debianTag,
		"registry.invalid/nginx:1.30-alpine-slim": nginxTag,
	} {
		got, err := Get(t.Context(), e, ref, c)
		if err != nil || got.From != FromBootstrap || got.Ref != want || got.ID == "" {
			t.Errorf("%s: got %+v, %v", ref, got, err)
		}
	}
}

// upload pushes a small image with the text to a registry and returns its digest.
func upload(t *testing.T, e *engine.Client, ref, text string) string {
	t.Helper()
	digest, err := registrytest.Client(registrytest.Password).Upload(t.Context(), ref, imagebuildtest.Tiny(t, imagebuildtest.Bare("amd64"), text, time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.RemoveImage(context.Background(), ref) })
	return digest
}

func TestGetPullsOnce(t *testing.T) {
	e, c := enginetest.Connect(t), report.New(t.Output(), t.Output(), "")
	ref := registrytest.Start(t) + "/library/base:1"
	upload(t, e, ref, "one")
	id := ""
	for _, want := range []string{FromRegistry, FromStore} {
		got, err := Get(t.Context(), e, ref, c)
		if err != nil || got.From != want || got.Ref != ref || got.ID == "" || id != "" && got.ID != id {
			t.Errorf("got %+v, %v, want it from %s", got, err, want)
		}
		id = got.ID
	}
}

func TestPinnedBase(t *testing.T) {
	e, c := enginetest.Connect(t), report.New(t.Output(), t.Output(), "")
	ref := registrytest.Start(t) + "/library/base:1"
	first := upload(t, e, ref, "one")
	old, err := Pinned(t.Context(), e, ref, first, c)
	if err != nil || old.From != FromRegistry {
		t.Fatalf("got %+v, %v", old, err)
	}
	second := upload(t, e, ref, "two") // the tag moves
	if got, err := Pinned(t.Context(), e, ref, first, c); err != nil || got.ID != old.ID || got.From != FromStore {
		t.Errorf("after the tag moved: got %+v, %v", got, err)
	}
	moved, err := Pinned(t.Context(), e, ref, second, c)
	if err != nil || moved.ID == old.ID || moved.From != FromRegistry {
		t.Errorf("after the pin moved: got %+v, %v", moved, err)
	}
}

func TestUnreachableBaseWithoutBootstrapper(t *testing.T) {
	e, c := enginetest.Connect(t), report.New(t.Output(), t.Output(), "")
	start := time.Now()
	_, err := Get(t.Context(), e, "registry.invalid/caddy:2", c)
	if fault.Code(err) != int(fault.Environment) || !strings.Contains(err.Error(), "docker load") {
		t.Errorf("got %v", err)
	}
	if spent := time.Since(start); spent > 10*time.Second {
		t.Errorf("took %s", spent)
	}
}
