// Package sitetest opens copies of the shipped site for tests with a real engine.
package sitetest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
	"github.com/romanatrashyonok/kiln/internal/registry/registrytest"
	"github.com/romanatrashyonok/kiln/internal/report"
	"github.com/romanatrashyonok/kiln/internal/site"
	"github.com/romanatrashyonok/kiln/internal/site/bundle"
	"github.com/romanatrashyonok/kiln/internal/site/gitinfo"
	"github.com/romanatrashyonok/kiln/internal/site/server"
)

// NoRegistry is the address of a registry that does not exist.
const NoRegistry = "registry.invalid"

// Open copies the shipped site, with a page of its own, and opens it to be pushed to a
// repository of a registry and to mirrors of it. Its images are removed after the test.
func Open(t testing.TB, page, registry string, mirrors ...string) site.Site {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "site")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(root(t), "site"))); err != nil {
		t.Fatal(err)
	}
	e := enginetest.Connect(t)
	cache := filepath.Join(os.TempDir(), "kiln-test-cache")
	s := site.Site{
		Engine: e, Registry: registrytest.Client(registrytest.Password), Console: report.New(t.Output(), t.Output(), ""), Settings: settings(registry, mirrors),
		Environ: os.Environ(), Dist: t.TempDir(), Cache: imagebuild.FolderCache(cache), Programs: cache,
	}
	s.Dir, s.Commit = dir, gitinfo.Commit{ID: strings.Repeat("c", 40), Time: time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)}
	Write(t, s, "content/page.html", page)
	t.Cleanup(func() {
		for _, repository := range append([]string{s.Settings.Repository}, s.Settings.Mirrors...) {
			for _, tag := range s.Settings.Tags {
				e.RemoveImage(context.Background(), repository+":"+tag)
			}
		}
	})
	return Read(t, s)
}

// settings are those of a site in test registries.
func settings(registry string, mirrors []string) site.Settings {
	s := site.Defaults()
	s.Repository, s.Tags = registry+"/me/site", []string{"v1.0.0", "latest"}
	for _, m := range mirrors {
		s.Mirrors = append(s.Mirrors, m+"/me/site")
	}
	return s
}

// root returns the root of the module.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	t.Fatalf("find go.mod above the test: %v", err)
	return ""
}

// Write writes a file below the folder of site.toml.
func Write(t testing.TB, s site.Site, name, text string) {
	t.Helper()
	path := filepath.Join(s.Dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Edit replaces a text in a file below the folder of site.toml.
func Edit(t testing.TB, s site.Site, name, old, new string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.Dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("%s has no %q", name, old)
	}
	Write(t, s, name, strings.Replace(string(text), old, new, 1))
}

// Read returns the site with its files as they are now, and with generated ones.
func Read(t testing.TB, s site.Site, generated ...bundle.File) site.Site {
	t.Helper()
	var err error
	if s.Source, err = s.Settings.ReadSource(s.Dir, s.Commit, generated...); err != nil {
		t.Fatal(err)
	}
	return s
}

// Build builds the image.
func Build(t testing.TB, s site.Site) site.Image {
	t.Helper()
	image, err := s.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// Offer offers a server at any port of this machine until the test ends, and returns the
// site's address there.
func Offer(t testing.TB, running server.Server) string {
	t.Helper()
	offered, err := running.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { offered.Close() })
	return offered.URL.String()
}

// Serve builds the image and runs it until the test ends.
func Serve(t testing.TB, s site.Site) server.Server {
	t.Helper()
	running, err := s.Runner().Start(t.Context(), Build(t, s).ID)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { running.Remove() })
	return running
}
