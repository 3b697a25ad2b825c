package site

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
	"github.com/romanatrashyonok/kiln/internal/imagebuild/imagebuildtest"
	"github.com/romanatrashyonok/kiln/internal/registry/registrytest"
)

// basesFor publishes a base for two platforms: the shipped one for this engine's, and for
// the other an image without Nginx, which nobody runs here.
func basesFor(t *testing.T, s Site, ref string) {
	t.Helper()
	root, err := base.Get(t.Context(), s.Engine, Defaults().Base, s.Console)
	if err != nil {
		t.Fatal(err)
	}
	here, done, err := s.Engine.ImageBase(t.Context(), root.ID, s.Cache)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	arch := map[bool]string{true: "arm64", false: "amd64"}[strings.Contains(string(here.Config), `"architecture":"amd64"`)]
	var images []*imagebuild.Image
	for _, from := range []imagebuild.Base{here, imagebuildtest.Bare(arch)} {
		images = append(images, imagebuildtest.Tiny(t, from, "base", s.Commit.Time))
	}
	index, err := imagebuild.Index(images...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Registry.Upload(t.Context(), ref, index); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Engine.RemoveImage(context.Background(), ref) })
}

func TestSeveralPlatformsUnderOneName(t *testing.T) {
	address := registrytest.Start(t)
	s := shopFor(t, "platforms", address)
	s.Settings.Base = address + "/base:1"
	basesFor(t, s, s.Settings.Base)
	s.Settings.Platforms, s.Settings.Missing = []string{"linux/amd64", "linux/arm64", "linux/riscv64"}, MissingIsLeftOut
	image, err := s.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if image.Base.From != base.FromRegistry {
		t.Errorf("the base is from the %s", image.Base.From)
	}
	p, err := s.Push(t.Context(), image)
	if err != nil || !p.Verified || !slices.Equal(p.Platforms, []string{"linux/amd64", "linux/arm64"}) || !slices.Equal(p.LeftOut, []string{"linux/riscv64"}) {
		t.Fatalf("%+v, %v", p, err)
	}
	ref, err := name.ParseReference(p.Ref())
	if err != nil {
		t.Fatal(err)
	}
	index, err := remote.Index(ref, remote.WithContext(t.Context()), remote.WithAuth(&authn.Basic{Username: registrytest.Username, Password: registrytest.Password}))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range p.Platforms {
		child, err := index.Image(manifest.Manifests[n].Digest)
		if err != nil {
			t.Fatal(err)
		}
		checkPlatform(t, child, want)
	}
	s.Settings.Missing = MissingFails
	if _, err := s.Push(t.Context(), image); err == nil || !strings.Contains(err.Error(), "linux/riscv64") || fault.Code(err) != int(fault.Environment) {
		t.Errorf("a platform without a base: %v", err)
	}
}

// checkPlatform wants an image for a platform, which starts the site's server.
func checkPlatform(t *testing.T, image v1.Image, platform string) {
	t.Helper()
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if got := config.Platform().String(); got != platform || config.Config.User != "101:101" || config.Config.Entrypoint[0] != "nginx" {
		text, _ := json.Marshal(config.Config)
		t.Errorf("for %s: %s, %s", platform, got, text)
	}
}
