package bundle

import (
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/suite"
)

// Expectation returns what the suite compares the running server with.
func (s Server) Expectation() suite.Expectation {
	e := suite.Expectation{
		Model: s, Health: s.Health, Roots: s.places.roots, Moved: s.config.Answered(), IgnoresDates: s.config.Uses("if_modified_since", "off"),
		HidesVersion: s.config.Uses("server_tokens", "off"),
	}
	roots, folders := s.roots(), map[string]bool{}
	for _, p := range s.places.files {
		f := suite.File{
			Path: p.path, Size: p.file.size, SHA256: p.file.sum, Open: p.file.open, UID: p.uid, GID: p.gid, Gzip: s.places.tree.has(p.path + gzipEnding),
		}
		if name, ok := below(roots, p.path); ok {
			f.URL = escape(name)
			for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
				folders[escape(dir)+"/"] = true
			}
		}
		e.Files = append(e.Files, f)
	}
	for dir := range folders {
		e.Folders = append(e.Folders, dir)
	}
	slices.Sort(e.Folders)
	return e
}

// below returns the name of a file relative to the first root that it is below.
func below(roots []string, file string) (name string, ok bool) {
	for _, root := range roots {
		if name, ok = strings.CutPrefix(file, strings.TrimSuffix(root, "/")+"/"); ok {
			return name, true
		}
	}
	return "", false
}

// escape returns the path that a file is requested by.
func escape(name string) string { return (&url.URL{Path: "/" + name}).EscapedPath() }
