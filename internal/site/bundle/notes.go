package bundle

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/imagebuild/buildcontext"
)

// maxNamed is how many names a note lists.
const maxNamed = 8

// Notes returns what whoever publishes the site should know, a line each: what is left out
// of the image, and pages that most sites have. Nothing of it is an error: nginx.conf may
// well want it so.
func (b Bundle) Notes() []string { return b.notes }

// noteLeftOut notes what of the content is not in the image.
func (b *Bundle) noteLeftOut(r *reader) {
	if len(r.dots) > 0 {
		b.note("left out of the image: %s (dot files)", listed(r.dots))
	}
	if n := len(r.ignored); n > 0 {
		b.note("left out of the image by %s: %s", filepath.Base(r.ignore.File()), listed(r.ignored))
	}
}

// notePages notes pages that are missing, and those that redirects.conf has moved away.
func (b *Bundle) notePages(content string) {
	missing := func(page, why string) {
		if name := strings.TrimPrefix(page, "/"); name != "" && b.find(name) == nil {
			b.note("%s: missing; %s", buildcontext.Printable(filepath.Join(content, name)), why)
		}
	}
	missing("index.html", "the server has no page for /")
	missing(b.conf.notFound, "nginx.conf names it as the page for 404")
	missing(b.conf.fallback, "nginx.conf names it in try_files")
	for _, r := range b.conf.moved {
		if b.find(strings.TrimPrefix(r.from, "/")) != nil {
			b.note("%s: exists, although redirects.conf moves it to %s", buildcontext.Printable(filepath.Join(content, r.from)), r.to)
		}
	}
}

func (b *Bundle) note(format string, args ...any) {
	b.notes = append(b.notes, fmt.Sprintf(format, args...))
}

// listed names the first of many, and counts the others.
func listed(names []string) string {
	names = slices.Sorted(slices.Values(names))
	if len(names) <= maxNamed {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNamed], ", "), len(names)-maxNamed)
}
