package toolchain

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// testCompiler returns a compiler whose image has a name of the test's own, so that the test
// may remove it.
func testCompiler(t *testing.T, architecture, name string) arch.Compiler {
	t.Helper()
	a, err := arch.Find(architecture)
	if err != nil {
		t.Fatal(err)
	}
	c, err := a.Compiler(arch.GCC)
	if err != nil {
		t.Fatal(err)
	}
	c.Image = "test" + name
	return c
}

// testImages returns images on an engine, and their log. Those of a compiler are removed when
// the test ends.
func testImages(t *testing.T, e *engine.Client, c arch.Compiler, pins ...Pin) (*Images, *strings.Builder) {
	t.Helper()
	log := new(strings.Builder)
	t.Cleanup(func() {
		removeImages(t, e, c)
		if t.Failed() {
			t.Log(log)
		}
	})
	return New(base.Provider{Engine: e, Console: report.New(log, log, ""), Environ: os.Environ()}, pins...), log
}

// removeImages removes a compiler's images from an engine.
func removeImages(t *testing.T, e *engine.Client, c arch.Compiler) {
	t.Helper()
	ctx := context.Background()
	list, err := e.Images(ctx, kind, nil)
	if err != nil {
		t.Error(err)
	}
	for _, found := range list {
		if (wanted{compiler: c}).hasTag(found) {
			if err := e.RemoveImage(ctx, found.ID); err != nil {
				t.Error(err)
			}
		}
	}
}

// get returns the image with a compiler.
func get(t *testing.T, i *Images, c arch.Compiler) Image {
	t.Helper()
	start := time.Now()
	image, err := i.Toolchain(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s in %s", image.ID, time.Since(start))
	return image
}

// TestIdentityIsFoundOnce makes an image, and looks for it in three states of an engine: as it was
// made, with a damaged label, and pruned.
func TestIdentityIsFoundOnce(t *testing.T) {
	e, c := enginetest.Engine(t), testCompiler(t, "amd64", "once")
	images, log := testImages(t, e, c)
	first := get(t, images, c)
	if len(first.Toolchain.Packages) < 100 || len(first.Toolchain.Programs) < 5 || first.Toolchain.Name != c.Image || first.From == "" {
		t.Fatalf("%+v", first)
	}
	same := func(state string, got Image) {
		t.Helper()
		if list := Differences(got.Toolchain, first.Toolchain); len(list) > 0 || got.Toolchain.Identity() != first.Toolchain.Identity() || got.From != first.From {
			t.Errorf("%s: %v, from %s", state, list, got.From)
		}
	}
	log.Reset()
	again := get(t, images, c)
	same("kept", again)
	if again.ID != first.ID || strings.Contains(log.String(), "build image") {
		t.Errorf("%s, then %s: %s", first.ID, again.ID, log)
	}

	tag := tagOf(t, images, c)
	damaged := build(t, e, engine.Build{Kind: kind, Tags: []string{tag}, Args: map[string]string{"BASE": tag}, Labels: map[string]string{labelName: `{"recipe":"1`}}, "")
	relabelled := get(t, images, c)
	same("damaged", relabelled)
	if _, err := e.FindImage(t.Context(), damaged); relabelled.ID == damaged || !errors.Is(err, engine.ErrNoImage) {
		t.Errorf("the image with a damaged label is still there: %v", err)
	}

	removeImages(t, e, c)
	older := build(t, e, engine.Build{Kind: kind, Tags: []string{repository + ":" + c.Image + "-000000000000"}, Args: map[string]string{"BASE": root(t, images)}}, "RUN touch /older")
	same("pruned", get(t, images, c))
	if _, err := e.FindImage(t.Context(), older); !errors.Is(err, engine.ErrNoImage) {
		t.Errorf("the image of an older Kiln is still there: %v", err)
	}
}

// root returns the name of the images' base.
func root(t *testing.T, i *Images) string {
	t.Helper()
	found, err := i.base(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return found.Ref
}

// tagOf returns the tag of a compiler's image.
func tagOf(t *testing.T, i *Images, c arch.Compiler) string {
	t.Helper()
	w, err := i.wanted(t.Context(), c, i.pins.of(c))
	if err != nil {
		t.Fatal(err)
	}
	return w.tag
}

// build builds an image from its argument BASE and further lines of a Dockerfile.
func build(t *testing.T, e *engine.Client, b engine.Build, lines string) (id string) {
	t.Helper()
	b.Context = t.TempDir()
	if err := os.WriteFile(filepath.Join(b.Context, "Dockerfile"), []byte("ARG BASE\nFROM ${BASE}\n"+lines+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	id, err := e.Build(t.Context(), b, report.New(t.Output(), t.Output(), ""))
	if err != nil {
		t.Fatal(err)
	}
	return id
}
