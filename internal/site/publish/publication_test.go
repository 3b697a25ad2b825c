package publish

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
	"github.com/romanatrashyonok/kiln/internal/site"
	"github.com/romanatrashyonok/kiln/internal/site/sitetest"
)

// pushBases pushes a base for two platforms: the shipped one for the engine's, and for the
// other an image without Nginx, which is not run here.
func pushBases(t *testing.T, s site.Site, ref string) {
	t.Helper()
	root, err := base.Provider{Engine: s.Engine, Console: s.Console, Environ: s.Environ}.Get(t.Context(), site.Defaults().Base)
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

func TestIndexOfPlatforms(t *testing.T) {
	address := registrytest.Start(t)
	s := sitetest.Open(t, "platforms", address)
	s.Settings.Base = address + "/base:1"
	pushBases(t, s, s.Settings.Base)
	s.Settings.Platforms, s.Settings.Missing = []string{"linux/amd64", "linux/arm64", "linux/riscv64"}, site.MissingIsLeftOut
	image := sitetest.Build(t, s)
	if image.Base.From != base.FromRegistry {
		t.Errorf("the base is from the %s", image.Base.From)
	}
	p, err := Push(t.Context(), s, image)
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
	s.Settings.Missing = site.MissingFails
	if _, err := Push(t.Context(), s, image); err == nil || !strings.Contains(err.Error(), "linux/riscv64") || fault.Code(err) != int(fault.Environment) {
		t.Errorf("a platform without a base: %v", err)
	}
}

// checkPlatform fails the test unless an image is for a platform and starts the site's server.
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
