package nginx

import (
	"net/textproto"
	"path"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/nginx/conf"
)

// cleanPath returns a path of the image as Tree has it.
func cleanPath(p string) string { return path.Clean(p) }

// visit calls a function with every directive in http, from the top.
func (c *Config) visit(list []*conf.Directive, do func(*conf.Directive)) {
	for _, d := range list {
		do(d)
		if !isTable(d.Name) {
			c.visit(d.Block, do)
		}
	}
}

// headerNames returns the canonical names of the headers that add_header names anywhere.
func (c *Config) headerNames() (names []string) {
	c.visit(c.http.Block, func(d *conf.Directive) {
		if d.Name == "add_header" {
			names = append(names, textproto.CanonicalMIMEHeaderKey(d.Args[0]))
		}
	})
	return names
}

// Files returns the paths in the image of the files that were read.
func (c *Config) Files() []string { return c.files }

// ServerName returns a host whose server has pages: not only a return for every path. It is
// "localhost" where any host will do.
func (c *Config) ServerName() string {
	port, _ := c.Port()
	fallback := "localhost"
	for _, v := range c.servers {
		if !slices.ContainsFunc(v.listens, func(l listen) bool { return l.port == port && l.special == "" && !l.ipv6() }) {
			continue
		}
		host := v.host()
		if chosen, _, _, err := c.choose(host); err != nil || chosen != v {
			if chosen, _, _, err = c.choose(fallback); err != nil || chosen != v {
				continue
			}
			host = fallback
		}
		if !v.refuses() {
			return host
		}
	}
	return fallback
}

// host returns a host that a server has a name for.
func (v *server) host() string {
	for _, n := range v.names {
		if strings.HasPrefix(n, "*.") {
			n = "www" + n[1:]
		}
		n = strings.TrimPrefix(n, ".")
		if strings.HasSuffix(n, ".*") {
			n = strings.TrimSuffix(n, "*") + "localhost"
		}
		if host, ok, err := hostOf(n); err == nil && ok && n != "_" {
			return host
		}
	}
	return "localhost"
}

// refuses reports whether a server answers every path alike: by a return of its own.
func (v *server) refuses() bool {
	return len(v.own["return"]) > 0
}

// HealthPaths returns the paths of locations that answer 200 by themselves, in their order.
func (c *Config) HealthPaths() (paths []string) {
	for _, v := range c.servers {
		for _, l := range v.static {
			if l.modifier != "=" || len(l.own["return"]) == 0 {
				continue
			}
			if p := c.Predict(nothing{}, Request{Method: "GET", Host: v.host(), Target: escapeURI(l.name)}); p.Status == 200 {
				paths = append(paths, escapeURI(l.name))
			}
		}
	}
	return paths
}

// nothing is a tree without files.
type nothing struct{}

func (nothing) Stat(string) Kind { return Absent }

// Roots returns the folders of root and alias that have no variables.
func (c *Config) Roots() (roots []string) {
	c.visit(c.http.Block, func(d *conf.Directive) {
		if (d.Name == "root" || d.Name == "alias") && !strings.Contains(d.Args[0], "$") && strings.HasPrefix(d.Args[0], "/") {
			if p := path.Clean(d.Args[0]); !slices.Contains(roots, p) {
				roots = append(roots, p)
			}
		}
	})
	return roots
}

// Moved is a path that a map moves.
type Moved struct {
	Path string // as in a request line
	File string
	Line int
}

// Moved returns the paths in maps over $uri or $request_uri whose value is the address of a
// redirect. Entries with an expression have no path of their own.
func (c *Config) Moved() (list []Moved) {
	used := map[string]bool{}
	c.visit(c.http.Block, func(d *conf.Directive) {
		if d.Name == "return" || d.Name == "rewrite" {
			for _, a := range d.Args {
				for _, p := range newTemplate(a).parts {
					used[p.variable] = true
				}
			}
		}
	})
	for name, m := range c.maps {
		if !used[name] || m.source != "$uri" && m.source != "$request_uri" && m.source != "$document_uri" {
			continue
		}
		for _, e := range m.Block {
			if key := strings.TrimPrefix(e.Name, `\`); len(e.Args) == 1 && strings.HasPrefix(key, "/") && e.Args[0] != "" {
				if m.source != "$request_uri" {
					key = escapeURI(key)
				}
				list = append(list, Moved{key, c.hostName(e.File), e.Line})
			}
		}
	}
	slices.SortFunc(list, func(a, b Moved) int { return strings.Compare(a.File+a.Path, b.File+b.Path) })
	return list
}

// Answered returns the paths that the configuration itself moves or answers.
func (c *Config) Answered() (paths []string) {
	for _, m := range c.Moved() {
		paths = append(paths, m.Path)
	}
	for _, v := range c.servers {
		for _, l := range v.static {
			if l.modifier == "=" && (len(l.own["return"]) > 0 || len(l.own["rewrite"]) > 0) {
				paths = append(paths, escapeURI(l.name))
			}
		}
	}
	return paths
}

// ErrorPage is an error_page directive.
type ErrorPage struct {
	Codes  []int
	Page   string // path, named location or URL
	Answer int    // status of the answer; -1 for that of the error, 0 for that of the page
	File   string
	Line   int
}

// ErrorPages returns the error pages, at every level, in their order.
func (c *Config) ErrorPages() (pages []ErrorPage) {
	c.visit(c.http.Block, func(d *conf.Directive) {
		if d.Name == "error_page" {
			p := errorPageOf(d)
			pages = append(pages, ErrorPage{p.codes, p.page, p.answer, c.hostName(d.File), d.Line})
		}
	})
	return pages
}
