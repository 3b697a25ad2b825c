package toolchain

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/registry/registrytest"
)

// TestPinnedVersions builds from an archive that has newer versions, on a base with a newer one
// and with a package that is not pinned: the image has what is pinned. Then the archive no longer
// has the versions.
func TestPinnedVersions(t *testing.T) {
	e, c := enginetest.Engine(t), testCompiler(t, "amd64", "pinned")
	a := newArchive(t)
	a.publish(t, "kiln-probe=1.0", "kiln-probe=2.0", "kiln-extra=1.0")
	plain, _ := testImages(t, e, c)
	first := get(t, plain, c)
	root := tagOf(t, plain, c) + "-base"
	build(t, e, engine.Build{Kind: "test", Tags: []string{root}, Args: map[string]string{"BASE": tagOf(t, plain, c)}},
		"RUN rm -rf /usr/local/bin/* /etc/apt/sources.list* && echo 'deb [trusted=yes] "+a.url+" ./' > /etc/apt/sources.list && apt-get update && apt-get install -y kiln-probe kiln-extra")
	t.Cleanup(func() { e.RemoveImage(context.Background(), root) })

	c.Packages = append(slices.Clone(c.Packages), "kiln-probe")
	pin, err := NewPin(first, c)
	if err != nil {
		t.Fatal(err)
	}
	pin.Packages = withPackages(pin.Packages, "kiln-probe=1.0")
	pinned, log := testImages(t, e, c, pin)
	pinned.root = root
	got := get(t, pinned, c)
	if list := Differences(got.Toolchain, pin.Toolchain()); len(list) > 0 {
		t.Errorf("%v", list)
	}
	log.Reset()
	if again := get(t, pinned, c); again.ID != got.ID || strings.Contains(log.String(), "build image") {
		t.Errorf("%s, then %s: %s", got.ID, again.ID, log)
	}

	if exact, err := pinned.Exactly(t.Context(), c, got.Toolchain); err != nil || exact.ID != got.ID {
		t.Errorf("exactly what is in it: %+v, %v", exact.ID, err)
	}
	older := got.Toolchain
	older.Programs = older.Programs[1:]
	if _, err := pinned.Exactly(t.Context(), c, older); fault.Code(err) != int(fault.Environment) || !strings.Contains(err.Error(), got.Toolchain.Programs[0].Path) {
		t.Errorf("other programs: %v", err)
	}

	a.publish(t, "kiln-probe=2.0", "kiln-probe=3.0")
	pin.Packages = withPackages(pin.Packages, "kiln-probe=1.5", "gcc-14=14.2.0-1", "kiln-gone=7")
	refused, _ := testImages(t, e, c, pin)
	refused.root = root
	_, err = refused.Toolchain(t.Context(), c)
	if fault.Code(err) != int(fault.Environment) {
		t.Fatalf("%v", err)
	}
	for _, want := range []string{
		"gcc-14 14.2.0-1 (it has 14.2.0-", "kiln-probe 1.5 (it has 2.0, 3.0)", "kiln-gone 7 (it has nothing of that name)", "kernel:update -toolchain", "kernel:update -publish",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("expected %q in: %v", want, err)
		}
	}
	if len(err.Error()) > 1000 {
		t.Errorf("a log of apt: %v", err)
	}
}

// published makes an image on an engine and publishes it in a repository. Its compiler is a
// stand-in: an image with a real one takes a minute to push.
func published(t *testing.T, e *engine.Client, repo string) (arch.Compiler, Image, Pin) {
	t.Helper()
	c := arch.Compiler{Image: "testpublished", CC: "true", LD: "ld", Content: [][]string{{"which", "true"}}, Packages: []string{"no-such-package"}}
	images, _ := testImages(t, e, c)
	root, err := images.base(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tag := tagOf(t, images, c)
	build(t, e, engine.Build{Kind: kind, Tags: []string{tag}, Args: map[string]string{"BASE": root.Ref}}, "RUN ln -s /bin/true /usr/local/bin/ld && date > /usr/local/bin/kiln-cc")
	image := get(t, images, c)
	pin, err := NewPin(image, c)
	if err != nil {
		t.Fatal(err)
	}
	if pin.Image, err = images.Publish(t.Context(), image, repo); err != nil || !pin.Valid() {
		t.Fatalf("%+v, %v", pin, err)
	}
	return c, image, pin
}

// TestPublishedImage takes a published image where the engine has none. One that is not what is
// pinned is not used, whatever its label says.
func TestPublishedImage(t *testing.T) {
	e := enginetest.Connect(t)
	c, first, pin := published(t, e, registrytest.Start(t)+"/ours/tools")
	removeImages(t, e, c)
	elsewhere, _ := testImages(t, e, c, pin)
	got := get(t, elsewhere, c)
	if got.From != base.FromRegistry || got.Toolchain.Identity() != first.Toolchain.Identity() {
		t.Errorf("from %s: %v", got.From, Differences(got.Toolchain, first.Toolchain))
	}

	for what, change := range map[string]func(p *Pin){
		"tar: " + versions(first.Toolchain)["tar"] + " here, 0 pinned": func(p *Pin) { p.Packages = withPackages(p.Packages, "tar=0") },
		"/usr/local/bin/kiln-cc: ": func(p *Pin) {
			p.Programs = slices.Clone(p.Programs)
			p.Programs[len(p.Programs)-1] = plan.Program{Path: "/usr/local/bin/kiln-cc", SHA256: "00"}
		},
		"a different version of Kiln": func(p *Pin) { p.Recipe = "00" },
	} {
		removeImages(t, e, c)
		changed := pin
		change(&changed)
		refusing, log := testImages(t, e, c, changed)
		w, err := refusing.wanted(t.Context(), c, changed)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := refusing.pinned(t.Context(), w); err == nil || !strings.Contains(log.String(), what) || !strings.Contains(log.String(), "building the image") {
			t.Errorf("expected %q: %v: %s", what, err, log)
		}
	}
}
