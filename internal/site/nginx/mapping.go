package nginx

import (
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/nginx/conf"
)

// mapping is a map.
type mapping struct {
	*conf.Directive
	source    string
	keys      map[string]*conf.Directive // exact ones and wildcards, in lower case
	regexes   []*conf.Directive
	otherwise *conf.Directive // default; may be nil
	volatile  bool
	hostnames bool
	missing   *conf.Directive // an include of unknown entries; may be nil
}

// addMap reads a map.
func (c *Config) addMap(d *conf.Directive) {
	m := &mapping{Directive: d, source: d.Args[0], keys: map[string]*conf.Directive{}}
	for _, e := range d.Block {
		switch {
		case e.Missing:
			m.missing = e
		case len(e.Args) == 0 && e.Name == "volatile":
			m.volatile = true
		case len(e.Args) == 0 && e.Name == "hostnames":
			m.hostnames = true
		case len(e.Args) != 1:
			m.missing = e // Nginx does not take it
		case e.Name == "default":
			m.otherwise = e
		case strings.HasPrefix(e.Name, "~"):
			m.regexes = append(m.regexes, e)
		default:
			m.keys[lowerBytes(strings.TrimPrefix(e.Name, `\`))] = e
		}
	}
	c.maps[lowerBytes(strings.TrimPrefix(d.Args[1], "$"))] = m
}

// value returns the value of a map's variable.
func (m *mapping) value(q *request) (string, error) {
	source, err := q.expand(m.source, m.Directive)
	if err != nil {
		return "", err
	}
	if m.missing != nil {
		return "", at(m.missing, m.missing.Name, "the model does not know all entries of this map")
	}
	e, err := m.entry(q, source)
	if err != nil || e == nil {
		return "", err
	}
	return q.expand(e.Args[0], e)
}

// entry returns the entry for a value of the source; nil for none and no default. Keys come
// before expressions, whatever their order.
func (m *mapping) entry(q *request, source string) (*conf.Directive, error) {
	if m.hostnames {
		source = strings.TrimSuffix(source, ".")
	}
	key := lowerBytes(source)
	if e := m.keys[key]; e != nil && !(m.hostnames && isWildcard(key)) {
		return e, nil
	}
	if m.hostnames {
		if e := m.wildcard(key); e != nil {
			return e, nil
		}
	}
	for _, e := range m.regexes {
		if source == "" {
			break
		}
		expression, ignoreCase := strings.CutPrefix(e.Name[1:], "*")
		ok, err := q.match(expression, ignoreCase, source, e)
		if ok || err != nil {
			return e, err
		}
	}
	return m.otherwise, nil
}

// wildcard returns the entry whose name with a wildcard a host has: the longest with one in
// front, else the longest with one behind.
func (m *mapping) wildcard(host string) (best *conf.Directive) {
	for _, kind := range []func(name, host string) int{exactName, headName, tailName} {
		length := -1
		for name, e := range m.keys {
			if l := kind(name, host); l > length && (isWildcard(name) || name == host) {
				best, length = e, l
			}
		}
		if best != nil {
			return best
		}
	}
	return nil
}

func isWildcard(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "*.") || strings.HasSuffix(name, ".*")
}

// lowerBytes makes the letters of ASCII small, and leaves all other bytes.
func lowerBytes(s string) string {
	b := []byte(s)
	for i, ch := range b {
		if ch >= 'A' && ch <= 'Z' {
			b[i] = ch + 'a' - 'A'
		}
	}
	return string(b)
}
