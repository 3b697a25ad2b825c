package nginx

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/nginx/conf"
)

// Errors of Nginx about what an entry of a map has. The place in them is that of the map, in
// the file that includes the entries; of an unknown variable there is none at all.
var (
	badRegex    = regexp.MustCompile(`pcre2?_compile\(\) failed: .*? in "(.*?)"(?: at ".*")?( in \S+:[0-9]+)$`)
	badVariable = regexp.MustCompile(`invalid variable name( in \S+:[0-9]+)$`)
	noVariable  = regexp.MustCompile(`unknown "(\w+)" variable()$`)
)

// WithPlaces returns what Nginx prints about a configuration, with the place of each error that
// is somewhere else than Nginx says, as the author of the configuration knows the file.
func (c *Config) WithPlaces(log string) string {
	lines := strings.Split(strings.TrimRight(log, "\r\n"), "\n")
	for i, line := range lines {
		line = strings.TrimRight(line, "\r")
		var has func(*conf.Directive) bool
		var place string
		if m := badRegex.FindStringSubmatch(line); m != nil {
			place, has = m[2], func(d *conf.Directive) bool { return strings.TrimLeft(d.Name, "~*") == strings.TrimLeft(m[1], "*") }
		} else if m := noVariable.FindStringSubmatch(line); m != nil {
			has = func(d *conf.Directive) bool { return hasVariable(d, m[1]) }
		} else if m := badVariable.FindStringSubmatch(line); m != nil {
			place, has = m[1], func(d *conf.Directive) bool { return len(d.Args) == 1 && newTemplate(d.Args[0]).wrong }
		} else {
			continue
		}
		if found := c.places(has, place != ""); found != "" {
			lines[i] = strings.TrimSuffix(line, place) + " in " + found
		}
	}
	return strings.Join(lines, "\n")
}

// hasVariable reports whether a directive has a variable in a parameter.
func hasVariable(d *conf.Directive, name string) bool {
	return slices.ContainsFunc(d.Args, func(value string) bool {
		return slices.ContainsFunc(newTemplate(value).parts, func(p part) bool { return p.variable == lowerBytes(name) })
	})
}

// places returns the files and lines of directives and entries, or of entries alone.
func (c *Config) places(has func(*conf.Directive) bool, entriesAlone bool) string {
	var found []string
	var visit func(list []*conf.Directive, entries bool)
	visit = func(list []*conf.Directive, entries bool) {
		for _, d := range list {
			if (entries || !entriesAlone) && has(d) {
				found = append(found, c.hostName(d.File)+":"+strconv.Itoa(d.Line))
			}
			visit(d.Block, d.Name == "map")
		}
	}
	visit(c.http.Block, false)
	return strings.Join(found, ", ")
}
