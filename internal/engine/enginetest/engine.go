// Package enginetest connects tests of other packages to the real engine.
package enginetest

import (
	"os"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/registry"
	"github.com/romanatrashyonok/kiln/internal/registry/registrytest"
)

// Engine connects to the engine that setup started. Without one the test is skipped on a
// developer's machine and fails in CI.
func Engine(t testing.TB) *engine.Client {
	t.Helper()
	return connect(t, registry.New(os.Getenv, ""))
}

// Connect is Engine with the account of the test registries.
func Connect(t testing.TB) *engine.Client {
	t.Helper()
	return connect(t, registrytest.Client(registrytest.Password))
}

func connect(t testing.TB, r *registry.Client) *engine.Client {
	t.Helper()
	e, err := engine.Connect(t.Context(), os.Getenv, r)
	if err != nil {
		Unavailable(t, "no engine: %v", err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// Unavailable ends a test that cannot run here: it is skipped on a developer's machine and
// fails in CI.
func Unavailable(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("unavailable in CI: "+format, args...)
	}
	t.Skipf("SKIPPED: "+format, args...)
}
