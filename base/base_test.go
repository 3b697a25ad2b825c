package base

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/docker/dockertest"
	"github.com/romanatrashyonok/kiln/docker/registrytest"
	"github.com/romanatrashyonok/kiln/fault"
	"github.com/romanatrashyonok/kiln/report"
)

func TestBootstrapIsSaidAndKeepsItsOwnName(t *testing.T) {
	e, c := dockertest.Potter(t), report.New(t.Output(), t.Output(), "")
	for ref, want := range map[string]string{
		"registry.invalid/debian:trixie-slim":     debianTag,
		"registry.invalid/nginx:1.30-alpine-slim": nginxTag,
	} {
		got, err := Get(t.Context(), e, ref, c)
		if err != nil || got.From != FromBootstrap || got.Ref != want || got.ID == "" {
			t.Errorf("%s: %+v, %v", ref, got, err)
		}
	}
}

func TestPullThenStore(t *testing.T) {
	e, c := dockertest.Potter(t), report.New(t.Output(), t.Output(), "")
	root, err := Get(t.Context(), e, "registry.invalid/debian:trixie-slim", c)
	if err != nil {
		t.Fatal(err)
	}
	ref := registrytest.Start(t) + "/library/base:1"
	if err := e.Tag(t.Context(), root.ID, ref); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Push(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	if err := e.RemoveImage(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	defer e.RemoveImage(context.Background(), ref)
	for _, want := range []string{FromRegistry, FromStore} {
		got, err := Get(t.Context(), e, ref, c)
		if err != nil || got.From != want || got.Ref != ref || got.ID != root.ID {
			t.Errorf("%+v, %v; want it from %s", got, err, want)
		}
	}
}

func TestUnreachableWithoutRecipeIsTheSurroundings(t *testing.T) {
	e, c := dockertest.Potter(t), report.New(t.Output(), t.Output(), "")
	start := time.Now()
	_, err := Get(t.Context(), e, "registry.invalid/caddy:2", c)
	if fault.Code(err) != int(fault.Surroundings) || !strings.Contains(err.Error(), "docker load") {
		t.Errorf("got %v", err)
	}
	if spent := time.Since(start); spent > 10*time.Second {
		t.Errorf("it took %s", spent)
	}
}
