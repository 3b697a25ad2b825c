package site

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/tufanbarisyildirim/gonginx/config"
	"github.com/tufanbarisyildirim/gonginx/parser"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// conf is what the suite expects of the server, read out of its own configuration:
// who edits nginx.conf or mime.types edits the expectation.
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
	fallback string // the page that answers for what is not there: of a single-page site
	root     string // folder of the site in the image
}

// confFiles are the server's configuration, and what it includes, in the folder of
// site.toml.
var confFiles = [3]string{"nginx.conf", "mime.types", "redirects.conf"}

// redirect is a path that has moved.
type redirect struct{ from, to string }

// header is an add_header of the server; its value may be a variable of a map.
type header struct{ name, value string }

// The variables that a map can be over, and be understood.
const (
	byType = "$sent_http_content_type"
	byPath = "$uri"
)

// valueMap is a map of one variable to another's value.
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

// readConf reads nginx.conf and what lies beside it.
func readConf(file string) (conf, error) {
	c := conf{charsets: map[string]bool{"text/html": true}, types: map[string]string{}, maps: map[string]valueMap{}}
	for i, name := range confFiles {
		if name = filepath.Join(filepath.Dir(file), name); i == 0 {
			name = file
		}
		redirects := i == len(confFiles)-1 // whose lines are paths
		text, err := os.ReadFile(name)
		if err != nil && !(redirects && errors.Is(err, fs.ErrNotExist)) {
			return c, fault.Wrap(fault.Usage, err)
		}
		var options []parser.Option
		if redirects {
			options = append(options, parser.WithSkipValidDirectivesErr())
		}
		parsed, err := parser.NewStringParser(string(text), options...).Parse()
		if err != nil {
			return c, fault.New(fault.Usage, "", "read %s: %w", name, err)
		}
		c.text[i] = text
		if redirects {
			err = c.takeRedirects(name, parsed)
		} else {
			err = c.take(name, parsed)
		}
		if err != nil {
			return c, err
		}
	}
	if c.port == 0 || c.health == "" {
		return c, fault.New(fault.Usage, "", `read %s: expected "listen PORT" and "location = PATH" for the health check`, file)
	}
	return c, nil
}

// take picks what matters out of a file.
func (c *conf) take(name string, file *config.Config) error {
	each := func(directive string, take func(words []string, d config.IDirective) error) error {
		for _, d := range file.FindDirectives(directive) {
			if err := take(words(d), d); err != nil {
				return fault.New(fault.Usage, "", "%s:%d: %s: %w", name, d.GetLine(), directive, err)
			}
		}
		return nil
	}
	for directive, take := range map[string]func([]string, config.IDirective) error{
		"listen": c.takeListen, "location": c.takeLocation, "error_page": c.takeErrorPage, "charset": c.takeCharset,
		"charset_types": c.takeCharsetTypes, "types": c.takeTypes, "map": c.takeMap, "try_files": c.takeTryFiles, "root": c.takeRoot,
	} {
		if err := each(directive, take); err != nil {
			return err
		}
	}
	return each("add_header", c.takeHeader)
}

// words gives the parameters of a directive without their quotes.
func words(d config.IDirective) []string {
	var list []string
	for _, p := range d.GetParameters() {
		list = append(list, unquote(p.GetValue()))
	}
	return list
}

// unquote takes one pair of quotes off.
func unquote(word string) string {
	if n := len(word); n >= 2 && (word[0] == '"' || word[0] == '\'') && word[n-1] == word[0] {
		return word[1 : n-1]
	}
	return word
}

func (c *conf) takeListen(w []string, _ config.IDirective) error {
	port, err := strconv.Atoi(w[0][strings.LastIndexByte(w[0], ':')+1:])
	if err != nil {
		return fmt.Errorf("expected a port, got %q", w[0])
	}
	c.port = port
	return nil
}

func (c *conf) takeLocation(w []string, _ config.IDirective) error {
	if len(w) == 2 && w[0] == "=" && c.health == "" {
		c.health = w[1]
	}
	return nil
}

func (c *conf) takeErrorPage(w []string, _ config.IDirective) error {
	if len(w) == 2 && w[0] == "404" {
		c.notFound = w[1]
	}
	return nil
}

func (c *conf) takeCharset(w []string, _ config.IDirective) error {
	c.charset = w[0]
	return nil
}

func (c *conf) takeCharsetTypes(w []string, _ config.IDirective) error {
	for _, t := range w {
		c.charsets[t] = true
	}
	return nil
}

func (c *conf) takeTypes(_ []string, d config.IDirective) error {
	for _, t := range d.GetBlock().GetDirectives() {
		for _, ending := range words(t) {
			c.types["."+ending] = t.GetName()
		}
	}
	return nil
}

// takeMap takes a map of what decides a header. That of the moved paths is a file of its
// own, see takeRedirects.
func (c *conf) takeMap(w []string, d config.IDirective) error {
	if len(w) != 2 || w[0] != byType && w[0] != byPath {
		return fmt.Errorf("only a map of %s or %s is understood, got %q", byType, byPath, w)
	}
	if w[1] == redirectMap {
		return nil
	}
	m := valueMap{over: w[0]}
	for _, e := range d.GetBlock().GetDirectives() {
		value := words(e)[0]
		switch name := unquote(e.GetName()); {
		case name == "default":
			m.fallback = value
		case strings.HasPrefix(name, "~"):
			key, err := regexp.Compile(strings.TrimPrefix(name, "~"))
			if err != nil {
				return err
			}
			m.entries = append(m.entries, mapEntry{key, value})
		default:
			m.entries = append(m.entries, mapEntry{regexp.MustCompile("^" + regexp.QuoteMeta(name) + "$"), value})
		}
	}
	c.maps[w[1]] = m
	return nil
}

func (c *conf) takeRoot(w []string, d config.IDirective) error {
	if d.GetParent() != nil && d.GetParent().GetName() == "server" {
		c.root = w[0]
	}
	return nil
}

// takeTryFiles takes the page that answers for what is not there, if there is one.
func (c *conf) takeTryFiles(w []string, _ config.IDirective) error {
	if last := w[len(w)-1]; strings.HasPrefix(last, "/") {
		c.fallback = last
	}
	return nil
}

// takeRedirects takes the moved paths: each a directive, as nginx's map has them.
func (c *conf) takeRedirects(name string, file *config.Config) error {
	for _, d := range file.GetDirectives() {
		from, w := unquote(d.GetName()), words(d)
		if len(w) != 1 || !strings.HasPrefix(from, "/") || !strings.HasPrefix(w[0], "/") && !strings.HasPrefix(w[0], "https://") {
			return fault.New(fault.Usage, "", "%s:%d: expected a path and where it has moved, as /old /new; got %s %s", name, d.GetLine(), from, strings.Join(w, " "))
		}
		c.moved = append(c.moved, redirect{from, w[0]})
	}
	return nil
}

// takeHeader takes the server's own headers; those of a location are for it alone.
func (c *conf) takeHeader(w []string, d config.IDirective) error {
	if d.GetParent() == nil || d.GetParent().GetName() != "server" {
		return nil
	}
	if len(w) != 3 || w[2] != "always" {
		return fmt.Errorf("expected a name, a value and always, so that error pages have it too; got %q", w)
	}
	c.headers = append(c.headers, header{w[0], w[1]})
	return nil
}

// typeOf gives the Content-Type that a file is to be served with.
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

// headersOf gives the headers that the answer with a file is to have.
func (c *conf) headersOf(url, contentType string) map[string]string {
	headers := map[string]string{}
	for _, h := range c.headers {
		headers[h.name] = c.value(h.value, url, contentType)
	}
	return headers
}

// value gives what a value is that may be the variable of a map, or of a map of maps.
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
