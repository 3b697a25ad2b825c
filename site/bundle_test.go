package site

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/fault"
)

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
	b, err := ReadBundle(dir, "nginx.conf")
	return b, dir, err
}

func TestShippedSiteIsRead(t *testing.T) {
	b, err := ReadBundle("content", "nginx.conf")
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

func TestFaultsOfASiteComeTogether(t *testing.T) {
	_, dir, err := siteOf(t, map[string]string{".env": "x", "old.css.gz": "x"})
	if fault.Code(err) != int(fault.Usage) {
		t.Fatalf("got %v", err)
	}
	for _, part := range []string{".env: begins with a dot", "old.css.gz: ends in .gz", "index.html: missing", "404.html: missing"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q: %v", part, err)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link.txt")); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadBundle(dir, "nginx.conf"); err == nil || !strings.Contains(err.Error(), "link.txt: is a link") {
		t.Errorf("a link: %v", err)
	}
	if _, err := ReadBundle(filepath.Join(dir, "none"), "nginx.conf"); fault.Code(err) != int(fault.Usage) {
		t.Errorf("no folder: %v", err)
	}
}

func TestGzipOnlyWhereItPaysAndAlwaysTheSame(t *testing.T) {
	files := map[string]string{
		"index.html": strings.Repeat("<p>kiln</p>", 200), "404.html": "no", "small.txt": "x",
		"photo.png": strings.Repeat("a", 5000),
	}
	b, _, err := siteOf(t, files)
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := siteOf(t, files)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range b.files {
		if packed := f.gzip != nil; packed != (f.name == "index.html") {
			t.Errorf("%s: packed is %v", f.name, packed)
		}
		if !bytes.Equal(f.gzip, again.files[i].gzip) {
			t.Errorf("%s: packed differently the second time", f.name)
		}
	}
	if b.Hash() != again.Hash() {
		t.Error("the same site has two hashes")
	}
	files["small.txt"] = "y"
	if other, _, _ := siteOf(t, files); other.Hash() == b.Hash() {
		t.Error("another site has the same hash")
	}
}

func TestConfThatIsNotUnderstood(t *testing.T) {
	types, err := os.ReadFile("mime.types")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"http { server { listen 80; location = /h { return 200; } add_header A b; } }":    "always",
		"http {\n map $uri $x { default 1; }\n server { listen 80; location = /h { } } }": "nginx.conf:2: map: only a map of $sent_http_content_type",
		"http { server { location = /h { return 200; } } }":                               "listen PORT",
		"http { server { listen 80; } }":                                                  "location = PATH",
		"http { server { listen eighty; location = /h { return 200; } } }":                "expected a port",
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
