//go:build full

package toolchain

import (
	"testing"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
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
			info, err := second.Info(t.Context())
			t.Logf("engine %s, %s, identity %.16s: %v", info.Version, info.Driver, there.Toolchain.Identity(), err)
		})
	}
}
