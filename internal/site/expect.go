package site

import (
	"fmt"
	"net/http"
	"strings"
	"unicode"

	"golang.org/x/net/http/httpguts"

	"github.com/romanatrashyonok/kiln/internal/site/suite"
)

// Expect is an answer that the site must give, whatever nginx.conf says: a [[expect]] of
// site.toml.
type Expect struct {
	Path    string            `toml:"path"`    // that is requested, with its query
	Status  int               `toml:"status"`  // of the answer; 200 if it is not set
	Headers map[string]string `toml:"headers"` // of the answer, with their exact values
}

// checkExpect reports every invalid value of [[expect]].
func (s Settings) checkExpect(report func(key, format string, args ...any)) {
	for i, e := range s.Expect {
		at := fmt.Sprintf("expect[%d].", i)
		if why := badPath(e.Path); why != "" {
			report(at+"path", "expected a path, as \"/index.html\", got %q%s", e.Path, why)
		}
		if e.Status != 0 && (e.Status < 100 || e.Status > 599) {
			report(at+"status", "expected a status of HTTP, 100 to 599, got %d", e.Status)
		}
		for name, value := range e.Headers {
			if !httpguts.ValidHeaderFieldName(name) {
				report(at+"headers", "expected names of headers, of letters, digits and -, got %q", name)
			}
			if !httpguts.ValidHeaderFieldValue(value) {
				report(at+"headers", "expected the value of a header, got %q for %q, which has a line break or a different control character: remove it", value, name)
			}
		}
	}
	if s.Health == "" {
		return
	}
	if why := badPath(s.Health); why != "" {
		report("health", "expected a path, as \"/healthz\", got %q%s", s.Health, why)
	}
}

// badPath returns why a text is no path of a request, to be put behind it; "" if it is one.
func badPath(path string) string {
	request, err := http.NewRequest(http.MethodGet, "http://x"+path, nil)
	switch {
	case !strings.HasPrefix(path, "/"):
		return ", which does not begin with a slash"
	case strings.ContainsFunc(path, unicode.IsControl):
		return ", which has a line break or a different control character: remove it"
	case strings.ContainsAny(path, " #"):
		return ", which has a blank or a #; write %20 or %23"
	case err != nil || request.URL.Host != "x":
		return ", which is no URL"
	}
	return ""
}

// contract returns what site.toml asks for.
func (s Settings) contract() (list []suite.Contract) {
	for _, e := range s.Expect {
		list = append(list, suite.Contract(e))
	}
	return list
}
