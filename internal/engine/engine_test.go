package engine

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/registry"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// realEngine connects to the engine that setup started. Without one the test is skipped on
// a developer's machine and fails in CI.
func realEngine(t *testing.T) *Client {
	t.Helper()
	e, err := Connect(t.Context(), os.Getenv, registry.New(os.Getenv, ""))
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("an engine is required in CI: %v", err)
		}
		t.Skipf("SKIPPED: no engine: %v", err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// scratchImage returns the bootstrapped Debian, which go tool mage test creates.
func scratchImage(t *testing.T, e *Client) string {
	t.Helper()
	const debian = "kiln/debian:trixie"
	if _, err := e.FindImage(t.Context(), debian); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("SKIPPED: no %s, which go tool mage test creates: %v", debian, err)
	}
	return debian
}

func console(t *testing.T) *report.Console {
	t.Helper()
	return report.New(t.Output(), t.Output(), "")
}

// testContainer starts a container that sleeps until the test ends.
func testContainer(t *testing.T, e *Client, s Spec) *Container {
	t.Helper()
	s.Kind, s.Command = "test", []string{"sleep", "infinity"}
	if s.Image == "" {
		s.Image = scratchImage(t, e)
	}
	c, err := e.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Remove(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func testVolume(t *testing.T, e *Client) string {
	t.Helper()
	name := fmt.Sprintf("kiln-test-%d", time.Now().UnixNano())
	if err := e.Volumes().Create(t.Context(), name, "test", nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Volumes().Remove(context.Background(), name); err != nil {
			t.Error(err)
		}
	})
	return name
}
