package nginx

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/site/nginx/conf"
	"github.com/romanatrashyonok/kiln/internal/site/nginx/pattern"
)

// Config is a configuration of Nginx.
type Config struct {
	http        *scope
	servers     []*server
	maps        map[string]*mapping
	set         map[string]bool            // variables that the configuration sets
	foreign     map[string]*conf.Directive // variables that directives define which the model does not follow
	outside     []*conf.Directive          // outside of http, with effects that are not known
	added       []string                   // names of headers that add_header has anywhere
	port        int                        // see Port
	portHint    string                     // see Port
	predictable int                        // how many headers every prediction speaks of

	hosts    []string // that Nginx resolves at its start
	files    []string
	hostName func(string) string

	mu        sync.Mutex
	templates map[string]*template
	patterns  map[string]*pattern.Pattern
}

// Read reads a configuration with the files that it includes. The file system is rooted at
// the image's /; main is the path of the file that Nginx starts with, as
// etc/nginx/kiln.conf. hostName returns the file behind a path of the image, as its author
// knows it, for errors and Unknown.File. What Nginx itself could not read is a usage error,
// all of it at once.
//
// An included file that the file system does not have may be the base image's: it makes
// unknown what it could change. A file system with a method Complete that returns true has
// every file.
func Read(fsys fs.FS, main string, hostName func(imagePath string) string) (*Config, error) {
	list, files, errors := conf.Read(fsys, main)
	errors = append(errors, check(list)...)
	if len(errors) > 0 {
		slices.SortStableFunc(errors, func(a, b conf.Error) int {
			if a.File != b.File {
				return strings.Compare(a.File, b.File)
			}
			return a.Line - b.Line
		})
		var lines []string
		for _, e := range errors {
			lines = append(lines, fmt.Sprintf("%s:%d: %s", hostName(e.File), e.Line, e.Text))
		}
		return nil, fault.New(fault.Usage, "correct the configuration at these lines", "read the configuration of Nginx:\n%s", strings.Join(lines, "\n"))
	}
	return build(list, files, hostName), nil
}

// build makes the configuration of its directives.
func build(list []*conf.Directive, files []string, hostName func(string) string) *Config {
	c := &Config{
		maps: map[string]*mapping{}, set: map[string]bool{}, foreign: map[string]*conf.Directive{}, files: files, hostName: hostName,
		templates: map[string]*template{}, patterns: map[string]*pattern.Pattern{},
	}
	http := &conf.Directive{Name: "http"}
	for _, d := range list {
		if d.Name == "http" && d.HasBlock {
			http.Block = append(http.Block, d.Block...)
			http.File, http.Line = d.File, d.Line
		} else if len(effectOf(d).what) > 0 {
			c.outside = append(c.outside, d)
		}
	}
	c.http = newScope(http, nil)
	c.define(http.Block)
	c.added, c.hosts = c.headerNames(), resolvedHosts(list)
	c.predictable = len(spokenOf(c.added))
	for _, d := range c.http.own["map"] {
		c.addMap(d)
	}
	for _, d := range c.http.own["server"] {
		c.servers = append(c.servers, newServer(newScope(d, c.http)))
	}
	c.port, c.portHint = c.choosePort()
	return c
}

// define collects the variables that directives define.
func (c *Config) define(list []*conf.Directive) {
	for _, d := range list {
		if definers[d.Name] {
			for _, a := range append([]string{""}, d.Args...) {
				if name, ok := strings.CutPrefix(a, "$"); ok {
					c.foreign[lowerBytes(name)] = d
				}
			}
			for _, inner := range d.Block { // geoip2 and others define them inside
				if name, ok := strings.CutPrefix(inner.Name, "$"); ok {
					c.foreign[lowerBytes(name)] = d
				}
			}
		}
		switch d.Name {
		case "set":
			c.set[lowerBytes(strings.TrimPrefix(d.Args[0], "$"))] = true
		case "rewrite":
			c.defineNames(d.Args[0], false)
		case "if":
			c.defineNames(strings.TrimSuffix(d.Args[len(d.Args)-1], ")"), false)
		case "location":
			if modifier, name := locationOf(d.Args); strings.HasPrefix(modifier, "~") {
				c.defineNames(name, false)
			}
		case "server_name":
			for _, a := range d.Args {
				c.defineNames(strings.TrimPrefix(a, "~"), false)
			}
		case "map":
			for _, e := range d.Block {
				c.defineNames(strings.TrimLeft(e.Name, "~*"), false)
			}
		}
		if !isTable(d.Name) {
			c.define(d.Block)
		}
	}
}

// defineNames collects the names of an expression's groups.
func (c *Config) defineNames(expression string, ignoreCase bool) {
	if !strings.Contains(expression, "(?") {
		return
	}
	for _, n := range c.pattern(expression, ignoreCase).Names() {
		c.set[lowerBytes(n)] = true
	}
}

// pattern returns an expression, compiled once.
func (c *Config) pattern(expression string, ignoreCase bool) *pattern.Pattern {
	key := fmt.Sprint(ignoreCase, expression)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.patterns[key] == nil {
		c.patterns[key] = pattern.Compile(expression, ignoreCase)
	}
	return c.patterns[key]
}

// template returns a value with variables, compiled once.
func (c *Config) template(value string) *template {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.templates[value] == nil {
		c.templates[value] = newTemplate(value)
	}
	return c.templates[value]
}
