package bundle

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/tufanbarisyildirim/gonginx/config"
	"github.com/tufanbarisyildirim/gonginx/parser"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// readConf reads nginx.conf and the files that it includes. What cannot be read is a usage
// error with file and line.
func readConf(file string) (conf, error) {
	c := conf{charsets: map[string]bool{"text/html": true}, types: map[string]string{}, maps: map[string]valueMap{}}
	for i, name := range confFiles {
		path := filepath.Join(filepath.Dir(file), name)
		if i == 0 {
			path = file
		}
		var err error
		if c.text[i], err = os.ReadFile(path); err != nil && !(name == redirectsFile && errors.Is(err, fs.ErrNotExist)) {
			return c, fault.New(fault.Usage, "kiln init writes one into an empty folder; copy it from there", "%w", err)
		}
		if err := c.parse(path, string(c.text[i]), name == redirectsFile); err != nil {
			return c, err
		}
	}
	if c.port == 0 || c.health == "" {
		return c, fault.New(fault.Usage, "", `read %s: expected "listen PORT" and "location = PATH" for the health check`, file)
	}
	return c, nil
}

// parse takes what matters out of a file: of directives, or of redirects, whose lines are
// paths.
func (c *conf) parse(path, text string, redirects bool) error {
	var options []parser.Option
	if redirects {
		options = append(options, parser.WithSkipValidDirectivesErr())
	}
	parsed, err := parser.NewStringParser(text, options...).Parse()
	switch {
	case err != nil:
		return fault.New(fault.Usage, "", "read %s: %w", path, err)
	case redirects:
		return c.takeRedirects(path, parsed)
	}
	return c.takeDirectives(path, parsed)
}

// takeDirectives takes the directives that decide what is served.
func (c *conf) takeDirectives(path string, file *config.Config) error {
	for directive, take := range map[string]func([]string, config.IDirective) error{
		"listen": c.takeListen, "location": c.takeLocation, "error_page": c.takeErrorPage, "charset": c.takeCharset,
		"charset_types": c.takeCharsetTypes, "types": c.takeTypes, "map": c.takeMap, "try_files": c.takeTryFiles, "root": c.takeRoot,
		"add_header": c.takeHeader,
	} {
		for _, d := range file.FindDirectives(directive) {
			if err := take(words(d), d); err != nil {
				return fault.New(fault.Usage, "", "%s:%d: %s: %w", path, d.GetLine(), directive, err)
			}
		}
	}
	return nil
}

// words returns the parameters of a directive without their quotes.
func words(d config.IDirective) []string {
	var list []string
	for _, p := range d.GetParameters() {
		list = append(list, unquote(p.GetValue()))
	}
	return list
}

// unquote removes one pair of quotes.
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

// takeMap takes a map that decides a header. The map of moved paths is in a file of its
// own: see takeRedirects.
func (c *conf) takeMap(w []string, d config.IDirective) error {
	if len(w) != 2 || w[0] != byType && w[0] != byPath {
		return fmt.Errorf("only a map of %s or %s is supported, got %q", byType, byPath, w)
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

// takeTryFiles takes the page that answers unknown paths, if there is one.
func (c *conf) takeTryFiles(w []string, _ config.IDirective) error {
	if last := w[len(w)-1]; strings.HasPrefix(last, "/") {
		c.fallback = last
	}
	return nil
}

// takeRedirects takes the moved paths: each is a directive, as in nginx's map.
func (c *conf) takeRedirects(name string, file *config.Config) error {
	for _, d := range file.GetDirectives() {
		from, w := unquote(d.GetName()), words(d)
		if len(w) != 1 || !strings.HasPrefix(from, "/") || !strings.HasPrefix(w[0], "/") && !strings.HasPrefix(w[0], "https://") {
			return fault.New(fault.Usage, "", "%s:%d: expected a path and where it has moved to, as /old /new; got %s %s", name, d.GetLine(), from, strings.Join(w, " "))
		}
		c.moved = append(c.moved, redirect{from, w[0]})
	}
	return nil
}

// takeHeader takes the server's own headers; those of a location apply to it alone.
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
