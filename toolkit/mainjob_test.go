package toolkit

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/registry"
	"github.com/romanatrashyonok/kiln/internal/registry/registrytest"
	"github.com/romanatrashyonok/kiln/internal/report"
	"github.com/romanatrashyonok/kiln/internal/site"
	"github.com/romanatrashyonok/kiln/internal/site/publish"
)

// clone is a copy of the project's site/ and kernel/, with a dist/ of its own, and the compiled
// magefile.
type clone struct {
	t    *testing.T
	dir  string
	kiln string
}

func newClone(t *testing.T) clone {
	t.Helper()
	c := clone{t: t, dir: t.TempDir(), kiln: filepath.Join(t.TempDir(), "kiln")}
	for _, half := range []string{"site", "kernel"} {
		if err := os.CopyFS(filepath.Join(c.dir, half), os.DirFS(filepath.Join("..", half))); err != nil {
			t.Fatal(err)
		}
	}
	compile(t, c.kiln)
	return c
}

// run runs targets and returns the exit code and both streams.
func (c clone) run(env []string, targets ...string) (code int, stdout, stderr string) {
	c.t.Helper()
	cmd := exec.Command(c.kiln, targets...)
	var out, log bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = c.dir, append(os.Environ(), env...), &out, &log
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		c.t.Fatal(err)
	}
	return code, out.String(), log.String()
}

// read decodes a document of dist/ into v.
func (c clone) read(name string, v any) {
	c.t.Helper()
	if err := report.Read(filepath.Join(c.dir, Dist, name), v); err != nil {
		c.t.Fatal(err)
	}
}

// TestMainJob runs the whole job on the real engine with the real kernel source: minutes the
// first time, seconds when nothing has changed.
func TestMainJob(t *testing.T) {
	enginetest.Engine(t)
	c := newClone(t)
	code, stdout, stderr := c.run(nil, "all")
	if code != 0 {
		t.Fatalf("all: exit code %d\n%s\n%s", code, stdout, stderr)
	}
	var v site.Verdict
	c.read("verify.json", &v)
	if v.Schema != site.VerifySchema || v.Failed != 0 || v.Passed < 30 || v.Base.From == "" || v.ID == "" {
		t.Errorf("verify.json: %d passed, %d failed, base %+v", v.Passed, v.Failed, v.Base)
	}
	for _, name := range []string{"amd64", "arm64"} {
		c.checkKernel(name)
	}
	started := time.Now()
	code, _, stderr = c.run(nil, "image", "kernel:all", "extract")
	if spent := time.Since(started); code != 0 || spent > 3*time.Second {
		t.Errorf("with nothing changed: exit code %d after %s\n%s", code, spent, stderr)
	}
	if n := strings.Count(stderr, "nothing changed"); n != 3 {
		t.Errorf("\"nothing changed\" is logged %d times, want 3:\n%s", n, stderr)
	}
}

// checkKernel checks a kernel in dist/ by its image's first bytes and its manifest. It may have
// been built over an output in which nothing had to be compiled.
func (c clone) checkKernel(name string) {
	c.t.Helper()
	folders, _ := filepath.Glob(filepath.Join(c.dir, Dist, "kernels", "micro-*-"+name))
	if len(folders) != 1 {
		c.t.Errorf("folders for %s: %v", name, folders)
		return
	}
	a, err := arch.Find(name)
	if err != nil {
		c.t.Fatal(err)
	}
	image, err := os.ReadFile(filepath.Join(folders[0], filepath.Base(a.Image)))
	if err != nil {
		c.t.Fatal(err)
	}
	if err := a.Magic.Check(image); err != nil {
		c.t.Errorf("%s: %v", name, err)
	}
	var m plan.Manifest
	c.read(filepath.Join("kernels", filepath.Base(folders[0]), "manifest.json"), &m)
	if m.Config.Asked == 0 || m.Config.Kept != m.Config.Asked || len(m.Plan) != 64 || m.Source.SHA256 == "" ||
		m.Source.Signature.Status == "" || m.Toolchain.Compiler == "" || m.Toolchain.Linker == "" ||
		len(m.Artefacts) < 4 || len(m.Steps) < 5 || m.Finished.Before(m.Started) {
		c.t.Errorf("incomplete manifest of %s: %+v", name, m)
	}
}

// toRegistry returns the environment of a push to a test registry.
func toRegistry(address, password string) []string {
	return []string{
		"KILN_SITE_REPOSITORY=" + address + "/me/site", "KILN_SITE_TAGS=v1,latest",
		registry.UsernameVariable + "=" + registrytest.Username, registry.PasswordVariable + "=" + password,
	}
}

// removePushed removes from the engine the tags of a push to a test registry, when the test ends.
func removePushed(t *testing.T, e *engine.Client, address string) {
	t.Helper()
	t.Cleanup(func() {
		for _, tag := range []string{"v1", "latest"} {
			if err := e.RemoveImage(context.Background(), address+"/me/site:"+tag); err != nil {
				t.Error(err)
			}
		}
	})
}

// registryDigest returns the digest that the registry has under a tag.
func registryDigest(t *testing.T, ref string) (string, error) {
	t.Helper()
	return registrytest.Client(registrytest.Password).Digest(t.Context(), ref)
}

func TestPush(t *testing.T) {
	e := enginetest.Engine(t)
	c, address := newClone(t), registrytest.Start(t)
	removePushed(t, e, address)
	code, stdout, stderr := c.run(toRegistry(address, registrytest.Password), "push")
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	var p publish.Result
	c.read("push.json", &p)
	if got := strings.TrimSpace(stdout); got != p.Ref() || !p.Verified || p.Attempts != 1 || len(p.Tags) != 2 {
		t.Errorf("printed %q, push.json %+v", got, p)
	}
	for _, tag := range []string{"v1", "latest"} {
		if got, err := registryDigest(t, p.Repository+":"+tag); err != nil || got != p.Digest {
			t.Errorf("registry: %s under %s (%v); push.json: %s", got, tag, err, p.Digest)
		}
	}
}

func TestPushWithWrongPassword(t *testing.T) {
	e := enginetest.Engine(t)
	c, address := newClone(t), registrytest.Start(t)
	removePushed(t, e, address)
	code, stdout, stderr := c.run(toRegistry(address, "wr0ng-hunter2"), "push")
	if code != 3 {
		t.Errorf("exit code %d, want 3\n%s", code, stderr)
	}
	if strings.Contains(stdout+stderr, "hunter2") {
		t.Errorf("the password is printed:\n%s%s", stdout, stderr)
	}
	c.wantNoTag(address)
}

// wantNoTag requires that the registry has neither tag.
func (c clone) wantNoTag(address string) {
	c.t.Helper()
	for _, tag := range []string{"v1", "latest"} {
		if got, err := registryDigest(c.t, address+"/me/site:"+tag); !errors.Is(err, registry.ErrNotFound) {
			c.t.Errorf("tag %s is %q, %v; want none", tag, got, err)
		}
	}
}

func TestImageThatFailsItsChecksIsNotTagged(t *testing.T) {
	e := enginetest.Engine(t)
	c, address := newClone(t), registrytest.Start(t)
	removePushed(t, e, address)
	// The image serves a different page from the one in content/.
	dockerfile := filepath.Join(c.dir, "site", "Dockerfile")
	text, err := os.ReadFile(dockerfile)
	if err != nil {
		t.Fatal(err)
	}
	swap := strings.Replace(string(text), "USER ", "COPY content/robots.txt /srv/site/index.html\nUSER ", 1)
	if err := os.WriteFile(dockerfile, []byte(swap), 0o644); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := c.run(toRegistry(address, registrytest.Password), "push")
	if code != 1 || !strings.Contains(stderr, "not pushed") {
		t.Errorf("exit code %d, want 1\n%s", code, stderr)
	}
	c.wantNoTag(address)
}
