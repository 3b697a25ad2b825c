package nginx

import "strings"

// findLocation returns the scope that applies to the path: a location, or the server.
func (q *request) findLocation() (*scope, error) {
	l := q.server.scope
	_, err := q.descend(q.server.scope, &l)
	return l, err
}

// descend finds the location in a scope, and in the locations of that one. It reports whether
// none further is looked for: the path is a location's own, or an expression matched.
func (q *request) descend(s *scope, found **scope) (final bool, err error) {
	prefix, final, err := q.prefixLocation(s, found)
	if final || err != nil {
		return final, err
	}
	if prefix != nil {
		if final, err = q.descend(prefix, found); final || err != nil {
			return final, err
		}
		if prefix.modifier == "^~" {
			return false, nil
		}
	}
	for _, l := range s.regex {
		d := l.Directive
		m, err := l.re.Match(q.uri)
		if err != nil {
			return true, at(d, "location "+strings.Join(d.Args, " "), err.Error())
		}
		if m == nil {
			continue
		}
		q.take(m.Groups, m.Named)
		*found = l
		_, err = q.descend(l, found)
		return true, err
	}
	return false, nil
}

// prefixLocation returns the location with the longest beginning of the path. It is final if
// one is the path itself.
func (q *request) prefixLocation(s *scope, found **scope) (best *scope, final bool, err error) {
	for _, l := range s.static {
		if l.modifier == "=" {
			if l.name == q.uri {
				*found = l
				return nil, true, nil
			}
			continue
		}
		if q.uri+"/" == l.name {
			for _, name := range []string{"proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "memcached_pass"} {
				if d := l.own[name]; d != nil {
					return nil, true, at(d[0], name, "it redirects to the path with a slash")
				}
			}
		}
		if strings.HasPrefix(q.uri, l.name) && (best == nil || len(l.name) > len(best.name)) {
			best = l
		}
	}
	if best != nil {
		*found = best
	}
	return best, false, nil
}
