package toolkit

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/site"
)

func TestFullDiskIsAnEnvironmentProblem(t *testing.T) {
	removeKernel(t, enginetest.Engine(t), "cli")
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: only root can mount a small filesystem")
	}
	c := newClone(t)
	settings := fixtureSettings(t)
	if code, _, stderr := c.run(settings, "kernel:amd64"); code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	dist := filepath.Join(c.dir, Dist)
	if err := os.MkdirAll(dist, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dist, "tmpfs", 0, "size=4k"); err != nil {
		t.Skipf("SKIPPED: cannot mount a small filesystem: %v", err)
	}
	defer syscall.Unmount(dist, 0)
	code, _, stderr := c.run(settings, "extract")
	if code != 3 || !strings.Contains(stderr, "no space left on device") {
		t.Errorf("exit code %d, want 3\n%s", code, stderr)
	}
	if left, _ := filepath.Glob(filepath.Join(dist, "kernels", "*")); len(left) > 0 {
		t.Errorf("partial kernel left: %v", left)
	}
}

// fixtureSettings replaces all kernels by a small source tree that builds in seconds.
func fixtureSettings(t *testing.T) []string {
	t.Helper()
	tree, err := filepath.Abs("../internal/kernel/builder/testdata/tree")
	if err != nil {
		t.Fatal(err)
	}
	return []string{"KILN_KERNEL_NAME=cli", "KILN_KERNEL_SOURCE=" + tree, "KILN_KERNEL_VERSION=6.12", "KILN_KERNEL_CONFIG=tinyconfig", "KILN_KERNEL_ARCH=amd64"}
}

// removeKernel removes from the engine what builds of a kernel for amd64 left, when the test
// ends.
func removeKernel(t *testing.T, e *engine.Client, name string) {
	t.Helper()
	t.Cleanup(func() {
		ctx := context.Background()
		images, err := e.Images(ctx, "kernel", map[string]string{result.LabelName: name})
		for _, i := range images {
			err = errors.Join(err, e.RemoveImage(ctx, i.ID))
		}
		for _, suffix := range []string{"", "-config"} {
			err = errors.Join(err, e.Volumes().Remove(ctx, "kiln-output-"+name+"-amd64"+suffix))
		}
		if err != nil {
			t.Error(err)
		}
	})
}

func TestLostOption(t *testing.T) {
	removeKernel(t, enginetest.Engine(t), "cli")
	c := newClone(t)
	code, _, stderr := c.run(append(fixtureSettings(t), "KILN_KERNEL_CONFIG=tinyconfig,CONFIG_DROPPED=y"), "kernel:amd64")
	if code != 2 || !strings.Contains(stderr, "CONFIG_DROPPED: asked y") {
		t.Errorf("exit code %d, want 2\n%s", code, stderr)
	}
}

func TestUnsatisfiableConstraint(t *testing.T) {
	enginetest.Engine(t)
	c := newClone(t)
	code, _, stderr := c.run([]string{"KILN_KERNEL_SOURCE=debian", "KILN_KERNEL_VERSION=>= 99.0"}, "kernel:plan")
	if code != 2 || !strings.Contains(stderr, "it has [") {
		t.Errorf("exit code %d, want 2\n%s", code, stderr)
	}
}

func TestPortInUse(t *testing.T) {
	enginetest.Engine(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	code, _, stderr := newClone(t).run([]string{"KILN_SITE_PORT=" + port}, "serve")
	if code != 3 || !strings.Contains(stderr, "127.0.0.1:"+port+": bind: address already in use") || !strings.Contains(stderr, "KILN_SITE_PORT") {
		t.Errorf("exit code %d, want 3\n%s", code, stderr)
	}
}

func TestUnobtainableBase(t *testing.T) {
	enginetest.Engine(t)
	code, _, stderr := newClone(t).run([]string{"KILN_SITE_BASE=registry.invalid/caddy:2"}, "image")
	if code != 3 || !strings.Contains(stderr, "only debian and nginx bases are supported") {
		t.Errorf("exit code %d, want 3\n%s", code, stderr)
	}
}

func TestNamesWithSpacesAndCyrillicLetters(t *testing.T) {
	e := enginetest.Engine(t)
	t.Cleanup(func() { e.RemoveImage(context.Background(), "kiln.test/names:latest") })
	c := newClone(t)
	for _, name := range []string{"a page.html", "страница.html", "папка с пробелом/100%.txt"} {
		path := filepath.Join(c.dir, "site", "content", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("<p>"+name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	code, _, stderr := c.run([]string{"KILN_SITE_REPOSITORY=kiln.test/names"}, "verify")
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	var v site.Verdict
	c.read("verify.json", &v)
	for _, url := range []string{"/a%20page.html", "/%D1%81%D1%82%D1%80%D0%B0%D0%BD%D0%B8%D1%86%D0%B0.html", "100%25.txt"} {
		found := false
		for _, check := range v.Checks {
			found = found || strings.Contains(check.Name, url+": bytes") && check.Passed
		}
		if !found {
			t.Errorf("no passed check of %s", url)
		}
	}
}
