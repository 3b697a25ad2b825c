package site_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/site"
	"github.com/romanatrashyonok/kiln/internal/site/sitetest"
)

// TestConfigurationThatNginxRejects has a fault that only Nginx itself finds.
func TestConfigurationThatNginxRejects(t *testing.T) {
	s := sitetest.Open(t, "rejected", sitetest.NoRegistry)
	sitetest.Edit(t, s, "nginx.conf", "send_timeout 20s", "send_timeout banana")
	rejected(t, s, filepath.Join(s.Dir, "nginx.conf")+":44", `invalid value`)
	sitetest.Edit(t, s, "nginx.conf", "send_timeout banana", "send_timeout 20s")
	sitetest.Edit(t, s, "nginx.conf", "tcp_nopush on;", "tcp_nopush on; brotli_static on;")
	rejected(t, s, filepath.Join(s.Dir, "nginx.conf")+":40", `unknown directive "brotli_static"`)
	sitetest.Edit(t, s, "nginx.conf", " brotli_static on;", "")
	sitetest.Write(t, s, "redirects.conf", "\n/a /b;\n/c /d /e;\n")
	rejected(t, s, filepath.Join(s.Dir, "redirects.conf")+":3", "invalid number of the map parameters")
	for entry, why := range map[string]string{
		"~^/posts/(\\d+ /b":  "missing closing parenthesis",
		"~*^/[a /b":          "missing terminating ]",
		"/price /cost-$":     "invalid variable name",
		"/c $no_such_name/d": `unknown "no_such_name" variable`,
	} {
		sitetest.Write(t, s, "redirects.conf", "\n/a /b;\n"+entry+";\n/z /y;\n")
		rejected(t, s, "in "+filepath.Join(s.Dir, "redirects.conf")+":3", why)
	}
	sitetest.Write(t, s, "redirects.conf", "")
	sitetest.Edit(t, s, "Dockerfile", `ENTRYPOINT ["nginx", "-c", "/etc/nginx/kiln.conf", "-e", "/dev/stderr"]`, `ENTRYPOINT ["/usr/bin/env"]`)
	sitetest.Edit(t, s, "Dockerfile", `CMD ["-g", "daemon off;"]`, `CMD ["nginx", "-c", "/etc/nginx/kiln.conf", "-e", "/dev/stderr", "-g", "daemon off; nonsense;"]`)
	rejected(t, s, "in command line", `unknown directive "nonsense"`)
}

// rejected builds a site whose configuration has an error, which only Nginx finds.
func rejected(t *testing.T, s site.Site, place, why string) {
	t.Helper()
	s = sitetest.Read(t, s)
	_, err := s.Build(t.Context())
	if fault.Code(err) != int(fault.Usage) || !strings.Contains(fmt.Sprint(err), place) || !strings.Contains(fmt.Sprint(err), why) {
		t.Errorf("got %v, want %s and %s", err, place, why)
	}
	if _, err := s.Engine.FindImage(t.Context(), s.Ref()); err == nil {
		t.Error("the image was tagged all the same")
	}
}

// TestHalfTypedConfiguration needs no engine: what Nginx cannot read is reported with its line.
func TestHalfTypedConfiguration(t *testing.T) {
	s := sitetest.Open(t, "half", sitetest.NoRegistry)
	for old, half := range map[string]string{
		"try_files $uri $uri/index.html =404;": "try_files;", "root /srv/site;": "root;", "listen 8080;": "listen;", "charset utf-8;": "charset;",
	} {
		sitetest.Edit(t, s, "nginx.conf", old, half)
		_, err := s.Settings.ReadSource(s.Dir, s.Commit)
		if fault.Code(err) != int(fault.Usage) || !strings.Contains(fmt.Sprint(err), filepath.Join(s.Dir, "nginx.conf")+":") {
			t.Errorf("%s: got %v", half, err)
		}
		sitetest.Edit(t, s, "nginx.conf", half, old)
	}
}

func TestBuildOfUnchangedSite(t *testing.T) {
	s := sitetest.Open(t, "unchanged", sitetest.NoRegistry)
	first := sitetest.Build(t, s)
	if !first.Built {
		t.Errorf("first: %+v", first)
	}
	if second := sitetest.Build(t, sitetest.Read(t, s)); second.Built || second.ID != first.ID {
		t.Errorf("second: %+v", second)
	}
	sitetest.Write(t, s, "content/page.html", "changed")
	if third := sitetest.Build(t, sitetest.Read(t, s)); !third.Built || third.ID == first.ID {
		t.Errorf("third: %+v", third)
	}
}

func TestReproduce(t *testing.T) {
	s := sitetest.Open(t, "reproduced", sitetest.NoRegistry)
	image := sitetest.Build(t, s)
	r, err := s.Reproduce(t.Context(), image, sitetest.Read(t, s).Source)
	if err != nil || !r.Same || !strings.HasPrefix(r.Digest, "sha256:") {
		t.Errorf("the same source: %+v, %v", r, err)
	}
	other := s
	other.Dir = filepath.Join(t.TempDir(), "site") // the first source has to stay as it was read
	if err := os.CopyFS(other.Dir, os.DirFS(s.Dir)); err != nil {
		t.Fatal(err)
	}
	sitetest.Write(t, other, "content/page.html", "changed")
	r, err = s.Reproduce(t.Context(), image, sitetest.Read(t, other).Source)
	if fault.Code(err) != int(fault.Failed) || r.Same || !strings.Contains(err.Error(), "layers") {
		t.Errorf("a changed source: %+v, %v", r, err)
	}
}

// TestTwoClonesAtOnce builds and verifies one repository name from two clones at a time, with
// the same files and with different ones: each verifies its own image.
func TestTwoClonesAtOnce(t *testing.T) {
	for name, pages := range map[string][2]string{"the same": {"clones", "clones"}, "different": {"one", "other"}} {
		t.Run(name, func(t *testing.T) {
			var both sync.WaitGroup
			for _, page := range pages {
				s := sitetest.Open(t, page, "clones.invalid")
				both.Go(func() {
					image, err := s.Build(t.Context())
					if err != nil {
						t.Error(err)
						return
					}
					if v, err := s.Verify(t.Context(), image); err != nil || v.ID != image.ID {
						t.Errorf("image %s: verified %s, %v", image.ID, v.ID, err)
					}
				})
			}
			both.Wait()
		})
	}
}

// TestReplacedImageIsRemoved builds a changed site: the old image is gone.
func TestReplacedImageIsRemoved(t *testing.T) {
	s := sitetest.Open(t, "replaced", "replaced.invalid")
	old := sitetest.Build(t, s)
	sitetest.Write(t, s, "content/page.html", "changed")
	if err := s.Engine.Close(); err != nil { // the first run ends
		t.Fatal(err)
	}
	s.Engine = enginetest.Connect(t)
	next := sitetest.Build(t, sitetest.Read(t, s))
	if _, err := s.Engine.FindImage(t.Context(), old.ID); !errors.Is(err, engine.ErrNoImage) {
		t.Errorf("the old image: got %v", err)
	}
	if _, err := s.Engine.FindImage(t.Context(), next.ID); err != nil {
		t.Error(err)
	}
}
