package bundle

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/imagebuild/buildcontext"
	"github.com/romanatrashyonok/kiln/internal/site/nginx"
)

// Notes returns what of the configuration whoever publishes the site should know, a line
// each: error pages that are missing, and pages that are moved away.
func (s Server) Notes() (notes []string) {
	if s.config == nil {
		return nil
	}
	for _, p := range s.config.ErrorPages() {
		if s.lacks(p.Page) {
			notes = append(notes, fmt.Sprintf("%s:%d: error_page names %s, which is no page of the site", p.File, p.Line, p.Page))
		}
	}
	for _, m := range s.config.Moved() {
		if name, err := url.PathUnescape(m.Path); err == nil && s.hasFile(name) {
			notes = append(notes, fmt.Sprintf("%s:%d: moves %s, which is a page of the site", m.File, m.Line, buildcontext.Printable(name)))
		}
	}
	return slices.Compact(notes)
}

// lacks reports whether it is certain that an error page is missing.
func (s Server) lacks(page string) bool {
	if !strings.HasPrefix(page, "/") || strings.ContainsAny(page, "$?") || s.hasFile(page) {
		return false
	}
	p := s.predict((&url.URL{Path: page}).EscapedPath())
	return p.Status == 404 && len(p.Unknown) == 0
}

// hasFile reports whether a path is that of a file below a root.
func (s Server) hasFile(name string) bool {
	return slices.ContainsFunc(s.roots(), func(root string) bool { return s.places.tree.Stat(path.Join(root, name)) == nginx.File })
}

// roots returns the folders that requests lead to: those that the configuration names, else
// those that the content is copied to.
func (s Server) roots() []string {
	if roots := s.config.Roots(); len(roots) > 0 {
		return roots
	}
	return s.places.roots
}
