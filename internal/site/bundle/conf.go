package bundle

import (
	"path"
	"regexp"
)

// conf is what the server is expected to do, according to its own configuration: an edit of
// nginx.conf or mime.types changes the expectation.
type conf struct {
	text     [3][]byte // of confFiles
	port     int
	health   string // path of the health location
	notFound string // path of the page for 404
	types    map[string]string
	charset  string
	charsets map[string]bool // the types that it is added to
	headers  []header
	maps     map[string]valueMap // by variable: $cache
	moved    []redirect
	fallback string // page that answers unknown paths: of a single-page site
	root     string // folder of the site in the image
}

// confFiles are the server's configuration and what it includes, in the folder of
// site.toml.
var confFiles = [3]string{ConfName, "mime.types", redirectsFile}

// redirectsFile may be missing; its lines are a path and where it has moved to.
const redirectsFile = "redirects.conf"

// redirect is a path that has moved.
type redirect struct{ from, to string }

// header is an add_header of the server; its value may be a variable of a map.
type header struct{ name, value string }

// The variables whose maps are supported.
const (
	byType = "$sent_http_content_type"
	byPath = "$uri"
)

// valueMap is a map of one variable to the value of another.
type valueMap struct {
	over     string // byType or byPath
	fallback string
	entries  []mapEntry
}

type mapEntry struct {
	key   *regexp.Regexp
	value string
}

// redirectMap is the variable that nginx.conf maps moved paths to.
const redirectMap = "$moved"

// typeOf returns the Content-Type that a file is to be served with.
func (c *conf) typeOf(name string) string {
	t, ok := c.types[path.Ext(name)]
	if !ok {
		t = "application/octet-stream"
	}
	if c.charset != "" && c.charsets[t] {
		t += "; charset=" + c.charset
	}
	return t
}

// headersOf returns the headers that the answer with a file is to have.
func (c *conf) headersOf(url, contentType string) map[string]string {
	headers := map[string]string{}
	for _, h := range c.headers {
		headers[h.name] = c.value(h.value, url, contentType)
	}
	return headers
}

// value resolves a value that may be the variable of a map, or of a map of maps.
func (c *conf) value(of, url, contentType string) string {
	m, ok := c.maps[of]
	if !ok {
		return of
	}
	subject := contentType
	if m.over == byPath {
		subject = url
	}
	for _, e := range m.entries {
		if e.key.MatchString(subject) {
			return c.value(e.value, url, contentType)
		}
	}
	return c.value(m.fallback, url, contentType)
}
