package nginx

import (
	"strings"
)

// setContentType sets the type of a file or a text, by the extension of the path.
func (q *request) setContentType() {
	if q.out.contentType != "" {
		return
	}
	if q.extension != "" {
		kind, err := q.location.typeOf(lowerBytes(q.extension))
		if kind != "" || err != nil {
			q.out.contentType, q.out.typeErr = kind, err
			return
		}
	}
	q.out.contentType = q.location.text("default_type", "text/plain")
}

// defaultTypes are those of a configuration without types.
var defaultTypes = map[string]string{"html": "text/html", "gif": "image/gif", "jpg": "image/jpeg"}

// typeOf returns the type of an extension in lower case; "" for none. The types of a level
// replace those above it.
func (s *scope) typeOf(extension string) (string, error) {
	for ; s != nil; s = s.parent {
		for _, d := range s.own["include"] {
			if d.Missing && strings.HasSuffix(d.Args[0], "mime.types") {
				return "", at(d, "include", "the file is none of the site, so the model does not know it")
			}
		}
		if len(s.own["types"]) == 0 {
			continue
		}
		found := ""
		for _, types := range s.own["types"] {
			for _, d := range types.Block {
				if d.Missing {
					return "", at(d, "include", "the file is none of the site, so the model does not know it")
				}
				for _, e := range d.Args {
					if lowerBytes(e) == extension {
						found = d.Name
					}
				}
			}
		}
		return found, nil
	}
	return defaultTypes[extension], nil
}

// hasType reports whether a list of types, as charset_types, has a type. It always has
// text/html.
func (s *scope) hasType(directive, kind string, otherwise ...string) bool {
	list := s.all(directive)
	kind = lowerBytes(kind)
	if len(list) == 0 {
		list = nil
	}
	for _, d := range list {
		for _, a := range d.Args {
			if a == "*" || lowerBytes(a) == kind {
				return true
			}
		}
	}
	if kind == "text/html" {
		return true
	}
	for _, o := range otherwise {
		if len(list) == 0 && o == kind {
			return true
		}
	}
	return false
}

// types adds the charset to the type.
func (a *answer) types() {
	d := a.location.find("charset")
	kind := a.out.contentType
	if d == nil || d.Args[0] == "off" || kind == "" || a.out.typeErr != nil {
		return
	}
	if !a.location.hasType("charset_types", kind, "text/xml", "text/plain", "text/vnd.wap.wml", "application/javascript", "application/rss+xml") {
		return
	}
	charset, err := a.expand(d.Args[0], d)
	switch {
	case err != nil:
		a.out.typeErr = err
	case charset == "": // Nginx ends the connection where the variable has no value
		a.broken = at(d, d.Args[0], "whether it has a value is not known")
	case a.out.status != 301 && a.out.status != 302:
		a.out.contentType = kind + "; charset=" + charset
	}
}
