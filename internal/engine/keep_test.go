package engine

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
)

// builtImage imports an image, as Kiln builds them, under a name.
func builtImage(t *testing.T, e *Client, name, text string) string {
	t.Helper()
	var root bytes.Buffer
	file := File{Name: "file", Mode: 0o644, Size: int64(len(text)), Body: strings.NewReader(text)}
	if err := writeTar(&root, []File{file}); err != nil {
		t.Fatal(err)
	}
	if err := e.Import(t.Context(), &root, name); err != nil {
		t.Fatal(err)
	}
	found, err := e.FindImage(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.RemoveImage(context.Background(), found.ID) })
	return found.ID
}

func (e *Client) has(t *testing.T, id string) bool {
	t.Helper()
	_, err := e.FindImage(t.Context(), id)
	if err != nil && !errors.Is(err, ErrNoImage) {
		t.Fatal(err)
	}
	return err == nil
}

// TestReplacedImages are removed by the last run that uses them, and not before.
func TestReplacedImages(t *testing.T) {
	one, two := realEngine(t), realEngine(t)
	const ref = "kiln.test/keep:latest"
	old := builtImage(t, one, ref, "old")
	for _, e := range []*Client{one, two} {
		if kept, err := e.Keep(t.Context(), ref); err != nil || kept.ID != old {
			t.Fatalf("got %v, %v", kept, err)
		}
	}
	next := builtImage(t, one, ref, "new")
	if err := one.Release(t.Context(), old); err != nil || !one.has(t, old) {
		t.Errorf("an image that the second run uses is gone: %v", err)
	}
	if tags, gone, err := one.Evict(t.Context(), old); err != nil || gone || len(tags) > 0 {
		t.Errorf("an image that the second run uses: %v, gone %v, %v", tags, gone, err)
	}
	if err := two.Release(t.Context(), old); err != nil || one.has(t, old) {
		t.Errorf("nobody uses the image, and it is there: %v", err)
	}
	if tags, gone, err := one.Evict(t.Context(), next); err != nil || !gone || len(tags) != 1 {
		t.Errorf("an image that nobody uses: %v, gone %v, %v", tags, gone, err)
	}
}

func TestKeptImagesOfDeadRuns(t *testing.T) {
	e := realEngine(t)
	dead := &Client{api: e.api, endpoint: e.endpoint, registry: e.registry, owner: e.owner}
	dead.owner.Process = strconv.Itoa(1<<30) + ":1"
	const ref = "kiln.test/dead:latest"
	id := builtImage(t, e, ref, "dead")
	for _, client := range []*Client{dead, e} {
		if _, err := client.Keep(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.RemoveImage(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	removed, err := e.Sweep(t.Context())
	if err != nil || !strings.Contains(strings.Join(removed, " "), dead.kept[0]) {
		t.Errorf("got %v, %v", removed, err)
	}
	if !e.has(t, id) {
		t.Error("an image that this run keeps is gone")
	}
}
