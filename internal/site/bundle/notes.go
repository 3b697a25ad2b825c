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

// notePages notes that there is no page for the root, or none at all.
func (b *Bundle) notePages(content string) {
	if len(b.files) == 0 {
		b.note("%s: has no files, so the image has no page: is it the folder that the generator writes? (content in site.toml)", buildcontext.Printable(content))
	} else if b.find("index.html") == nil {
		b.note("%s: missing; the server may have no page for /", buildcontext.Printable(filepath.Join(content, "index.html")))
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
