package base

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild/imagebuildtest"
	"github.com/romanatrashyonok/kiln/internal/registry"
	"github.com/romanatrashyonok/kiln/internal/registry/registrytest"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// provider returns a provider on the real engine.
func provider(t *testing.T) Provider {
	t.Helper()
	return Provider{Engine: enginetest.Connect(t), Console: report.New(t.Output(), t.Output(), ""), Environ: os.Environ()}
}

func TestBootstrappedImageHasItsOwnName(t *testing.T) {
	p := provider(t)
	for ref, want := range map[string]string{
		"registry.invalid/debian:trixie-slim":     debianTag,
		"registry.invalid/nginx:1.30-alpine-slim": nginxTag,
	} {
		got, err := p.Get(t.Context(), ref)
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
	p := provider(t)
	ref := registrytest.Start(t) + "/library/base:1"
	upload(t, p.Engine, ref, "one")
	id := ""
	for _, want := range []string{FromRegistry, FromStore} {
		got, err := p.Get(t.Context(), ref)
		if err != nil || got.From != want || got.Ref != ref || got.ID == "" || id != "" && got.ID != id {
			t.Errorf("got %+v, %v, want it from %s", got, err, want)
		}
		id = got.ID
	}
}

func TestPinnedBase(t *testing.T) {
	p := provider(t)
	ref := registrytest.Start(t) + "/library/base:1"
	first := upload(t, p.Engine, ref, "one")
	old, err := p.Pinned(t.Context(), ref, first)
	if err != nil || old.From != FromRegistry {
		t.Fatalf("got %+v, %v", old, err)
	}
	second := upload(t, p.Engine, ref, "two") // the tag moves
	if got, err := p.Pinned(t.Context(), ref, first); err != nil || got.ID != old.ID || got.From != FromStore {
		t.Errorf("after the tag moved: got %+v, %v", got, err)
	}
	moved, err := p.Pinned(t.Context(), ref, second)
	if err != nil || moved.ID == old.ID || moved.From != FromRegistry {
		t.Errorf("after the pin moved: got %+v, %v", moved, err)
	}
}

func TestBrokenCredentialsAreNoReasonToBootstrap(t *testing.T) {
	t.Setenv("DOCKER_AUTH_CONFIG", "{")
	p := provider(t)
	e, err := engine.Connect(t.Context(), os.Getenv, registry.New(os.Getenv, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	p.Engine = e
	pinned := "sha256:" + strings.Repeat("0", 64)
	_, err = p.Pinned(t.Context(), "registry.invalid/nginx:1.30-alpine-slim", pinned) // a pin is always looked up
	if fault.Code(err) != int(fault.Usage) || !errors.Is(err, registry.ErrCredentials) || !strings.Contains(err.Error(), "DOCKER_AUTH_CONFIG") {
		t.Errorf("got %v", err)
	}
	ref := registrytest.Start(t) + "/library/base:1"
	upload(t, provider(t).Engine, ref, "one")
	if _, err := provider(t).Get(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	if got, err := p.Get(t.Context(), ref); err != nil || got.From != FromStore {
		t.Errorf("a base that the engine has: got %+v, %v", got, err)
	}
}

func TestUnreachableBaseWithoutBootstrapper(t *testing.T) {
	p := provider(t)
	start := time.Now()
	_, err := p.Get(t.Context(), "registry.invalid/caddy:2")
	if fault.Code(err) != int(fault.Environment) || !strings.Contains(err.Error(), "docker load") {
		t.Errorf("got %v", err)
	}
	if spent := time.Since(start); spent > 10*time.Second {
		t.Errorf("took %s", spent)
	}
}
