package site

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAnySite proves, on the real server, sites that differ from the shipped one: with
// moved paths, one of them long, with hashed files, and with a single page for all.
func TestAnySite(t *testing.T) {
	long := "/blog/2024/01/15/" + strings.Repeat("a-longer-title-", 8) + ".html"
	for name, edit := range map[string]func(conf string) string{
		"pages": func(conf string) string { return conf },
		"single page": func(conf string) string {
			return strings.Replace(conf, "index.html =404;", "index.html /index.html;", 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := shopFor(t, name, "registry.invalid")
			text, err := os.ReadFile(filepath.Join(s.Dir, "nginx.conf"))
			if err != nil {
				t.Fatal(err)
			}
			for file, text := range map[string]string{
				"nginx.conf": edit(string(text)), "redirects.conf": "/old.html /index.html;\n" + long + " https://example.com/new;\n",
				"content/app.3f2a9c1b.js": "let kiln = 1", "content/deep/er/index.html": "<p>deep</p>",
			} {
				path := filepath.Join(s.Dir, file)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			bundle, err := s.Settings.ReadBundle(s.Dir)
			if err != nil {
				t.Fatal(err)
			}
			s.Bundle = bundle.WithTimes(s.Commit)
			image, err := s.Build(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			v, err := s.verify(t.Context(), image.ID)
			if err != nil || v.Failed > 0 || v.Memory == 0 {
				t.Errorf("%s, %v", v, err)
			}
		})
	}
}
