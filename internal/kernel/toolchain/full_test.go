//go:build full

package toolchain

import (
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/registry/registrytest"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// TestEnginesAgree makes one toolchain on this engine and on two newer ones, with each of their
// image stores. Each bootstraps its own base. The identities are equal, though no image's id is.
func TestEnginesAgree(t *testing.T) {
	e, c := enginetest.Engine(t), testCompiler(t, "arm64", "agree")
	images, _ := testImages(t, e, c)
	here := get(t, images, c)
	root, err := images.base(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{here.ID: true}
	for name, store := range map[string]string{"graph driver": enginetest.GraphDriver, "containerd": enginetest.Containerd} {
		t.Run(name, func(t *testing.T) {
			second := enginetest.Second(t, e, root.Ref, store)
			elsewhere, _ := testImages(t, second, c)
			there := get(t, elsewhere, c)
			if there.From != base.FromBootstrap {
				t.Errorf("base from %s", there.From)
			}
			if list := Differences(here.Toolchain, there.Toolchain); len(list) > 0 || here.Toolchain.Identity() != there.Toolchain.Identity() {
				t.Errorf("%s", short(list))
			}
			if ids[there.ID] {
				t.Errorf("%s: the same id on two engines: it is no proof", there.ID)
			}
			ids[there.ID] = true
			if again := get(t, elsewhere, c); again.ID != there.ID {
				t.Errorf("%s, then %s", there.ID, again.ID)
			}
			if left, err := second.Images(t.Context(), kind, nil); err != nil || len(left) != 1 {
				t.Errorf("images left over: %+v, %v", left, err)
			}
			info, err := second.Info(t.Context())
			t.Logf("engine %s, %s, identity %.16s: %v", info.Version, info.Driver, there.Toolchain.Identity(), err)
		})
	}
}

// TestNewestAsksTheArchive makes an image again that counts as old, with no step from the cache:
// it is the same toolchain, as long as the archive is the same.
func TestNewestAsksTheArchive(t *testing.T) {
	e, c := enginetest.Engine(t), testCompiler(t, "amd64", "newest")
	images, log := testImages(t, e, c)
	first := get(t, images, c)
	if young, err := images.Newest(t.Context(), c); err != nil || young.ID != first.ID {
		t.Errorf("made today: %s, then %s, %v", first.ID, young.ID, err)
	}
	log.Reset()
	images.maxAge = 0
	again, err := images.Newest(t.Context(), c)
	if err != nil || !strings.Contains(log.String(), "apt-get") && !strings.Contains(log.String(), "built sha256") {
		t.Fatalf("%v: %s", err, log)
	}
	if list := Differences(again.Toolchain, first.Toolchain); len(list) > 0 || again.Toolchain.Identity() != first.Toolchain.Identity() {
		t.Errorf("%s", short(list))
	}
	if found := get(t, images, c); found.ID != again.ID {
		t.Errorf("made %s, found %s", again.ID, found.ID)
	}
}

// TestPublishedAcrossEngines publishes an image from an engine with each image store, and takes it
// on one with the other store, whose store is empty: not even a base is needed.
func TestPublishedAcrossEngines(t *testing.T) {
	e := enginetest.Engine(t)
	root, err := New(base.Provider{Engine: e, Console: report.New(t.Output(), t.Output(), ""), Environ: os.Environ()}).base(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	registry, err := url.Parse("http://" + registrytest.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	repo := serve(t, httputil.NewSingleHostReverseProxy(registry)) + "/ours/tools"
	stores := []string{enginetest.GraphDriver, enginetest.Containerd}
	engines := []*engine.Client{enginetest.Second(t, e, root.Ref, stores[0]), enginetest.Second(t, e, root.Ref, stores[1])}
	for from := range stores {
		c, image, pin := published(t, engines[from], repo)
		to := engines[1-from]
		elsewhere, _ := testImages(t, to, c, pin)
		got := get(t, elsewhere, c)
		if got.From != base.FromRegistry || got.Toolchain.Identity() != image.Toolchain.Identity() {
			t.Errorf("from %s: %v", got.From, Differences(got.Toolchain, image.Toolchain))
		}
		removeImages(t, engines[from], c)
		removeImages(t, to, c)
	}
}
