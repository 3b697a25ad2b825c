package bundle

import (
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/suite"
)

// Expectation returns what the suite compares the running server with.
func (b Bundle) Expectation() suite.Expectation {
	e := suite.Expectation{Health: b.conf.health, Root: b.conf.root, Folders: b.foldersWithoutIndex()}
	for _, f := range b.files {
		e.Files = append(e.Files, b.expect(f))
	}
	for _, r := range b.conf.moved {
		e.Redirects = append(e.Redirects, suite.Redirect{From: r.from, To: r.to})
	}
	if page := b.find(strings.TrimPrefix(b.conf.fallback, "/")); page != nil {
		e.Fallback = b.expect(*page)
	}
	if page := b.find(strings.TrimPrefix(b.conf.notFound, "/")); page != nil {
		e.NotFound = b.expect(*page)
	}
	return e
}

// expect returns a file as it should be served.
func (b Bundle) expect(f file) suite.File {
	t := b.conf.typeOf(f.name)
	return suite.File{
		URL: escape(f.name), Size: f.size, SHA256: f.sum, Open: f.open, Gzip: f.compress || f.copied,
		Type: t, Headers: b.conf.headersOf("/"+f.name, t),
	}
}

// foldersWithoutIndex returns the paths of folders that have no index.html, sorted.
func (b Bundle) foldersWithoutIndex() (list []string) {
	for dir := range b.folders() {
		if b.find(dir+"/index.html") == nil {
			list = append(list, escape(dir)+"/")
		}
	}
	slices.Sort(list)
	return list
}

// folders returns the folders that the files are in.
func (b Bundle) folders() map[string]bool {
	folders := map[string]bool{}
	for _, f := range b.files {
		for dir := path.Dir(f.name); dir != "." && !folders[dir]; dir = path.Dir(dir) {
			folders[dir] = true
		}
	}
	return folders
}

// escape returns the path that a file is requested by.
func escape(name string) string { return (&url.URL{Path: "/" + name}).EscapedPath() }
