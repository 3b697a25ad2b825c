package bundle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/site/gitinfo"
)

// shipped is a file of the site that Kiln ships.
func shipped(name string) string { return filepath.Join("..", "..", "..", "site", name) }

// siteOf writes files to a content folder and reads it with the shipped configuration.
func siteOf(t *testing.T, files map[string]string) (Bundle, string, error) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "content")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b, err := Read(dir, shipped("nginx.conf"))
	return b, dir, err
}

func TestShippedSiteIsRead(t *testing.T) {
	b, err := Read(shipped("content"), shipped("nginx.conf"))
	if err != nil {
		t.Fatal(err)
	}
	e := b.Expectation()
	if b.Port() != 8080 || e.Health != "/healthz" || e.NotFound.URL != "/404.html" || len(e.Files) < 5 {
		t.Errorf("port %d, %+v", b.Port(), e)
	}
	for _, f := range e.Files {
		want := map[bool]string{true: "no-cache", false: "public, max-age=3600"}[strings.HasSuffix(f.URL, ".html")]
		if got := f.Headers["Cache-Control"]; got != want {
			t.Errorf("%s: Cache-Control %q, want %q", f.URL, got, want)
		}
		if f.Headers["X-Content-Type-Options"] != "nosniff" || !strings.Contains(f.Headers["Content-Security-Policy"], "default-src 'none'") {
			t.Errorf("%s: headers %v", f.URL, f.Headers)
		}
	}
}

func TestNamesAndTypes(t *testing.T) {
	b, _, err := siteOf(t, map[string]string{
		"index.html": "x", "404.html": "y", "a b.css": "z", "снимок.png": "p", "deep/er/data.json": "{}", "what.unknown": "?",
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	e := b.Expectation()
	for _, f := range e.Files {
		got[f.URL] = f.Type
	}
	for url, want := range map[string]string{
		"/index.html": "text/html; charset=utf-8", "/a%20b.css": "text/css; charset=utf-8",
		"/%D1%81%D0%BD%D0%B8%D0%BC%D0%BE%D0%BA.png": "image/png",
		"/deep/er/data.json":                        "application/json; charset=utf-8", "/what.unknown": "application/octet-stream",
	} {
		if got[url] != want {
			t.Errorf("%s: type %q, want %q", url, got[url], want)
		}
	}
	if strings.Join(e.Folders, " ") != "/deep/ /deep/er/" {
		t.Errorf("folders %v", e.Folders)
	}
}

func TestUnsupportedConf(t *testing.T) {
	types, err := os.ReadFile(shipped("mime.types"))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"http { server { listen 80; location = /h { return 200; } add_header A b; } }":     "always",
		"http {\n map $args $x { default 1; }\n server { listen 80; location = /h { } } }": "nginx.conf:2: map: only a map of $sent_http_content_type",
		"http { server { location = /h { return 200; } } }":                                "listen PORT",
		"http { server { listen 80; } }":                                                   "location = PATH",
		"http { server { listen eighty; location = /h { return 200; } } }":                 "expected a port",
		"http { server { ": "nginx.conf",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "mime.types"), types, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := readConf(filepath.Join(dir, "nginx.conf")); fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// confOf writes a configuration beside a content folder of two pages, and reads the site.
func confOf(t *testing.T, edit func(conf string) string, redirects string, more ...string) (Bundle, error) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"nginx.conf", "mime.types"} {
		text, err := os.ReadFile(shipped(name))
		if err != nil {
			t.Fatal(err)
		}
		if name == "nginx.conf" {
			text = []byte(edit(string(text)))
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "redirects.conf"), []byte(redirects), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range append(more, "index.html", "404.html") {
		if err := os.MkdirAll(filepath.Join(dir, "content"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "content", name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return Read(filepath.Join(dir, "content"), filepath.Join(dir, "nginx.conf"))
}

func unchanged(conf string) string { return conf }

func TestHashedFilesAreImmutable(t *testing.T) {
	b, err := confOf(t, unchanged, "", "app.3f2a9c1b.js", "app-3f2a9c1b4d5e6f70.css", "plain.css", "jquery-migrated.js", "page.3f2a9c1b.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range b.Expectation().Files {
		want := map[string]string{
			"/app.3f2a9c1b.js": "public, max-age=31536000, immutable", "/app-3f2a9c1b4d5e6f70.css": "public, max-age=31536000, immutable",
			"/plain.css": "public, max-age=3600", "/jquery-migrated.js": "public, max-age=3600",
			"/page.3f2a9c1b.html": "no-cache", "/index.html": "no-cache", "/404.html": "no-cache",
		}[f.URL]
		if got := f.Headers["Cache-Control"]; got != want {
			t.Errorf("%s: Cache-Control %q, want %q", f.URL, got, want)
		}
	}
}

func TestRedirects(t *testing.T) {
	b, err := confOf(t, unchanged, "/old.html /index.html;\n\"/a b\" https://example.com/b;\n")
	if err != nil {
		t.Fatal(err)
	}
	if got := b.Expectation().Redirects; len(got) != 2 || got[0].To != "/index.html" || got[1].From != "/a b" || got[1].To != "https://example.com/b" {
		t.Errorf("got %+v", got)
	}
	for redirects, want := range map[string]string{
		"\n/old relative;":         "redirects.conf:2: expected a path",
		"/old //evil.example/x y;": "redirects.conf:1: expected a path",
	} {
		if _, err := confOf(t, unchanged, redirects); fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", redirects, err)
		}
	}
}

func TestSinglePage(t *testing.T) {
	single := func(conf string) string {
		return strings.Replace(conf, "index.html =404;", "index.html /index.html;", 1)
	}
	b, err := confOf(t, single, "")
	if err != nil || b.Expectation().Fallback.URL != "/index.html" {
		t.Errorf("%+v, %v", b.Expectation().Fallback, err)
	}
	b, err = confOf(t, unchanged, "")
	if err != nil || b.Expectation().Fallback.URL != "" {
		t.Errorf("%+v, %v", b.Expectation().Fallback, err)
	}
}

func TestFilesHaveTheTimeOfTheCommit(t *testing.T) {
	at := gitinfo.Commit{ID: "c", Time: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)}
	built := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	b, err := Read(shipped("content"), shipped("nginx.conf"), File{Name: "kernels/index.html", Time: built}, File{Name: "kernels/none.html"})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range b.WithTimes(at).files {
		want := at.Time.Truncate(time.Second)
		if f.name == "kernels/index.html" {
			want = built
		}
		if !f.time.Equal(want) {
			t.Errorf("%s has the time %s, want %s", f.name, f.time, want)
		}
	}
	if got := b.WithTimes(at).Created(); !got.Equal(built) {
		t.Errorf("created %s, want %s", got, built)
	}
	at.Dirty = true
	for _, f := range b.WithTimes(at).files {
		if f.name == "index.html" && f.time.Equal(at.Time) {
			t.Errorf("a file with uncommitted changes has the commit's time")
		}
	}
	for _, f := range b.WithTimes(gitinfo.Commit{}).files {
		if f.time.Year() < 2020 {
			t.Errorf("without git %s has the time %s", f.name, f.time)
		}
	}
}
