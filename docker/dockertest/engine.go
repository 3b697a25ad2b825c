// Package dockertest gives tests of other packages the real engine.
package dockertest

import (
	"os"
	"testing"

	"github.com/romanatrashyonok/kiln/docker"
	"github.com/romanatrashyonok/kiln/docker/registrytest"
)

// Engine connects to the engine that setup started. Without one the test is skipped
// for a person and fails in CI.
func Engine(t testing.TB) *docker.Engine {
	t.Helper()
	return connect(t, os.Getenv)
}

// Potter is Engine with the account of the test registries.
func Potter(t testing.TB) *docker.Engine {
	t.Helper()
	return connect(t, registrytest.Account(docker.UsernameVariable, docker.PasswordVariable, registrytest.Password))
}

func connect(t testing.TB, getenv func(string) string) *docker.Engine {
	t.Helper()
	e, err := docker.Connect(t.Context(), getenv)
	if err != nil {
		Lacks(t, "it needs an engine: %v", err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// Lacks ends a test that cannot run here: skipped for a person, failed in CI.
func Lacks(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("in CI: "+format, args...)
	}
	t.Skipf("SKIPPED, "+format, args...)
}
