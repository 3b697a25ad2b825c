package bundle

import (
	"net/http"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/site/nginx"
)

// answer predicts what the shipped configuration answers where the named files exist.
func answer(t *testing.T, target string, files ...string) nginx.Prediction {
	t.Helper()
	s := shippedServer(t)
	for _, name := range files {
		s.places.tree.add("/srv/site/" + name)
	}
	p := s.Predict(nginx.Request{Method: http.MethodGet, Host: "localhost", Target: target})
	if len(p.Unknown) > 0 {
		t.Errorf("%s: %+v", target, p.Unknown)
	}
	return p
}

// TestHashedFilesAreImmutable tries names that bundlers give, and names that people give. A
// file of theirs that changes must not be kept for good.
func TestHashedFilesAreImmutable(t *testing.T) {
	for want, names := range map[string][]string{
		"public, max-age=31536000, immutable": {
			"app.3f2a9c1b.js", "app-3f2a9c1b4d5e6f70.css", "main.073c9b0a.chunk.css", "main.8e0d62a4.js.map", "runtime~main.1234abcd.js",
			"style.min.a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90.css", "logo.0123abcd.png", "assets/js/935f2afb.e7a1c2d3.js",
			"index-B3kq9xZ1.css", "assets/index-B3kq9xZ1.css", "assets/index-DiwrgTda.js", "assets/vendor-D_ab3-xY.js", "_astro/hoisted.C8pZzk3a.js",
			"_app/immutable/entry/start.DsQzh0Uj.js", "_app/immutable/chunks/DsQzhUuj.js", "_nuxt/BZzkQaXx.js", "assets/inter-latin.Di8DUHzh.woff2",
			"assets/app.BnO4kkWj.js", "assets/index.md.Cx0YuqGo.lean.js", "main-HXFV5TRG.js", "chunk-2ABCDEFG.mjs", "polyfills-B6TNHZQ6.js", "font-B3kq9xZ1.woff2",
		},
		"public, max-age=3600": {
			"plain.css", "jquery-migrated.js", "photo-vacation.jpg", "app-settings.js", "photo-20240115.jpg", "IMG-12345678.jpg", "Photo-Vacation.jpg",
			"theme-darkMode.css", "assets/theme-darkMode.css", "assets/app-Settings.js", "Book-Chapter1.pdf", "assets/Book-Chapter1.js", "file-version2.js",
			"README-SETTINGS.txt", "App-RELEASE2.zip", "jquery.validate.js", "jquery-3.7.1.min.js", "bootstrap.bundle.min.js", "Step-1a-Intro.png",
			"Screenshot-2024-01-15.png", "v1.2.3.tar.gz", "linux-6.12.117.tar.xz", "a.javascript.js", "font-awesome.css", "MyComponent.js", "assets/MainPage.css.txt",
		},
		"no-cache": {"page.3f2a9c1b.html", "page-B3kq9xZ1.html", "index.html"},
	} {
		for _, name := range names {
			if got := answer(t, "/"+name, name).Headers["Cache-Control"]; len(got) != 1 || got[0] != want {
				t.Errorf("%s: Cache-Control %q, want %q", name, got, want)
			}
		}
	}
}

// TestFoldersAreRedirected expects a folder to be redirected to itself, in the spelling of the
// request.
func TestFoldersAreRedirected(t *testing.T) {
	for target, want := range map[string]string{
		"/deep": "/deep/", "/deep?a=b&c": "/deep/?a=b&c", "/a%3Fb": "/a%3Fb/", "/a%3fb?c": "/a%3fb/?c", "/c++": "/c++/", "/c%2B%2B": "/c%2B%2B/",
		"/what's-new": "/what's-new/", "/%5Bid%5D": "/%5Bid%5D/", "/100%25": "/100%25/", "//deep": "/deep/", "/x/../deep": "/x/../deep/", "/c%23": "/c%23/",
		"/deep/": "", "/none": "", "/deep/index.html": "",
	} {
		p := answer(t, target, "deep/index.html", "a?b/index.html", "c++/index.html", "what's-new/index.html", "[id]/index.html", "100%/index.html", "c#/index.html", "404.html")
		got := ""
		if to := p.Headers["Location"]; len(to) == 1 {
			got = to[0]
		}
		if got != want || (p.Status == http.StatusMovedPermanently) != (want != "") {
			t.Errorf("%s: %d to %q, want %q", target, p.Status, got, want)
		}
	}
}

// TestDotFilesAreNotServed expects those of /.well-known/ alone.
func TestDotFilesAreNotServed(t *testing.T) {
	for name, want := range map[string]int{
		".well-known/security.txt": 200, ".well-known/acme/x": 200, ".env": 404, ".git/config": 404, "a/.hidden": 404, ".well-known/.hidden": 404,
		".well-knownish": 404, "a/.well-known/x": 200,
	} {
		if p := answer(t, "/"+name, name, "404.html"); p.Status != want {
			t.Errorf("%s: %d, want %d", name, p.Status, want)
		}
	}
}
