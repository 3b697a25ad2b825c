package engine

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"
)

func TestAcquireIsExclusive(t *testing.T) {
	e := realEngine(t)
	image := scratchImage(t, e)
	release, err := e.Acquire(t.Context(), image, "test", func(string) { t.Error("waits for a free mutex") })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	holder := ""
	if _, err := e.Acquire(ctx, image, "test", func(name string) { holder = name }); !errors.Is(err, context.DeadlineExceeded) || holder != "kiln-lock-test" {
		t.Errorf("second Acquire: got %v, waiting for %q", err, holder)
	}
	time.AfterFunc(time.Second, release)
	second, err := e.Acquire(t.Context(), image, "test", func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	second()
}

func TestAcquireTakesOverFromADeadRun(t *testing.T) {
	e := realEngine(t)
	image := scratchImage(t, e)
	dead := &Client{api: e.api, endpoint: e.endpoint, registry: e.registry, owner: e.owner}
	dead.owner.Process = strconv.Itoa(1<<30) + ":1"
	if _, err := dead.Acquire(t.Context(), image, "dead", func(string) {}); err != nil {
		t.Fatal(err)
	}
	release, err := e.Acquire(t.Context(), image, "dead", func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	release()
}
