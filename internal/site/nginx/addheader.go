package nginx

import (
	"net/textproto"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/nginx/conf"
)

// safe reports whether headers without always are added.
func safe(status int) bool {
	switch status {
	case 200, 201, 204, 206, 301, 302, 303, 304, 307, 308:
		return true
	}
	return false
}

// addHeaders runs add_header.
func (a *answer) addHeaders() {
	for _, d := range a.location.addedHeaders() {
		if len(d.Args) < 3 && !safe(a.out.status) {
			continue
		}
		value, err := a.expand(d.Args[1], d)
		name := textproto.CanonicalMIMEHeaderKey(d.Args[0])
		switch {
		case name == "Etag" || name == "Last-Modified":
			a.replace(name, value, err)
		case err != nil || value != "":
			a.out.add(d.Args[0], value, err)
		}
	}
}

// addedHeaders returns the add_header directives that apply: those of the level, which replace
// the ones above it unless add_header_inherit says otherwise.
func (s *scope) addedHeaders() []*conf.Directive {
	own, mode := s.own["add_header"], s.text("add_header_inherit", "on")
	if s.parent == nil || mode == "off" {
		return own
	}
	above := s.parent.addedHeaders()
	switch {
	case len(own) == 0:
		return above
	case mode == "merge":
		return append(slices.Clone(own), above...)
	}
	return own
}

// replace sets a header that an answer has once. An empty value removes it.
func (a *answer) replace(name, value string, err error) {
	kept := a.out.headers[:0]
	for _, h := range a.out.headers {
		if h.name != name {
			kept = append(kept, h)
		}
	}
	a.out.headers = append(kept, header{name, value, err})
}

// sendable reports whether a client can read a header.
func sendable(name, value string) bool {
	for i := range len(value) {
		if value[i] < 0x20 && value[i] != '\t' || value[i] == 0x7f {
			return false
		}
	}
	for i := range len(name) {
		if ch := name[i]; ch <= 0x20 || ch >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, ch) >= 0 {
			return false
		}
	}
	return name != ""
}
