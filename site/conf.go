package site

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/tufanbarisyildirim/gonginx/config"
	"github.com/tufanbarisyildirim/gonginx/parser"

	"github.com/romanatrashyonok/kiln/fault"
)

// conf is what the suite expects of the server, read out of its own configuration:
// who edits nginx.conf or mime.types edits the expectation.
type conf struct {
	text     [2][]byte // nginx.conf and mime.types
	port     int
	health   string // path of the health location
	notFound string // path of the page for 404
	types    map[string]string
	charset  string
	charsets map[string]bool // the types that it is added to
	headers  []header
	maps     map[string]valueMap // by variable: $cache
}

// header is an add_header of the server; its value may be a variable of a map.
type header struct{ name, value string }

// valueMap is a map over $sent_http_content_type.
type valueMap struct {
	fallback string
	entries  []mapEntry
}

type mapEntry struct {
	key   *regexp.Regexp
	value string
}

// readConf reads nginx.conf and the mime.types beside it.
func readConf(file string) (conf, error) {
	c := conf{charsets: map[string]bool{"text/html": true}, types: map[string]string{}, maps: map[string]valueMap{}}
	for i, name := range []string{file, filepath.Join(filepath.Dir(file), "mime.types")} {
		text, err := os.ReadFile(name)
		if err != nil {
			return c, fault.Wrap(fault.Usage, err)
		}
		parsed, err := parser.NewStringParser(string(text)).Parse()
		if err != nil {
			return c, fault.New(fault.Usage, "", "read %s: %w", name, err)
		}
		c.text[i] = text
		if err := c.take(name, parsed); err != nil {
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
		"charset_types": c.takeCharsetTypes, "types": c.takeTypes, "map": c.takeMap,
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

func (c *conf) takeMap(w []string, d config.IDirective) error {
	if len(w) != 2 || w[0] != "$sent_http_content_type" {
		return fmt.Errorf("only a map of $sent_http_content_type is understood, got %q", w)
	}
	var m valueMap
	for _, e := range d.GetBlock().GetDirectives() {
		value := words(e)[0]
		switch name := e.GetName(); {
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

// headersOf gives the headers that an answer of a type is to have.
func (c *conf) headersOf(contentType string) map[string]string {
	headers := map[string]string{}
	for _, h := range c.headers {
		headers[h.name] = h.value
		if m, ok := c.maps[h.value]; ok {
			headers[h.name] = m.valueFor(contentType)
		}
	}
	return headers
}

func (m valueMap) valueFor(contentType string) string {
	for _, e := range m.entries {
		if e.key.MatchString(contentType) {
			return e.value
		}
	}
	return m.fallback
}
