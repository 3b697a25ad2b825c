package site_test

import (
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/site/sitetest"
)

// TestVerifyOfDifferentSites verifies, on the real server, sites that differ from the
// shipped one: with moved paths, one of them long, with hashed files, and with a single
// page for all paths.
func TestVerifyOfDifferentSites(t *testing.T) {
	long := "/blog/2024/01/15/" + strings.Repeat("a-longer-title-", 8) + ".html"
	for name, last := range map[string]string{"pages": "=404", "single page": "/index.html"} {
		t.Run(name, func(t *testing.T) {
			s := sitetest.Open(t, name, sitetest.NoRegistry)
			sitetest.Edit(t, s, "nginx.conf", "index.html =404;", "index.html "+last+";")
			for file, text := range map[string]string{
				"redirects.conf":          "/old.html /index.html;\n" + long + " https://example.com/new;\n",
				"content/app.3f2a9c1b.js": "let kiln = 1", "content/deep/er/index.html": "<p>deep</p>",
			} {
				sitetest.Write(t, s, file, text)
			}
			s = sitetest.Read(t, s)
			v, err := s.Verify(t.Context(), sitetest.Build(t, s))
			if err != nil || v.Failed > 0 || v.Memory == 0 {
				t.Errorf("%s, %v", v, err)
			}
		})
	}
}
