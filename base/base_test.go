package base

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/docker"
	"github.com/romanatrashyonok/kiln/docker/registrytest"
	"github.com/romanatrashyonok/kiln/fault"
	"github.com/romanatrashyonok/kiln/report"
)

// engine connects with the test registry's account. Without an engine the test is
// skipped for a person and fails in CI.
func engine(t *testing.T) (*docker.Engine, *report.Console) {
	t.Helper()
	e, err := docker.Connect(t.Context(), func(name string) string {
		switch name {
		case docker.UsernameVariable:
			return registrytest.Username
		case docker.PasswordVariable:
			return registrytest.Password
		}
		return os.Getenv(name)
	})
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("no engine in CI: %v", err)
		}
		t.Skipf("SKIPPED, it needs an engine: %v", err)
	}
	t.Cleanup(func() { e.Close() })
	return e, report.New(t.Output(), t.Output(), "")
}

func TestBootstrapIsSaidAndKeepsItsOwnName(t *testing.T) {
	e, c := engine(t)
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
	e, c := engine(t)
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
	e, c := engine(t)
	start := time.Now()
	_, err := Get(t.Context(), e, "registry.invalid/caddy:2", c)
	if fault.Code(err) != int(fault.Surroundings) || !strings.Contains(err.Error(), "docker load") {
		t.Errorf("got %v", err)
	}
	if spent := time.Since(start); spent > 10*time.Second {
		t.Errorf("it took %s", spent)
	}
}
