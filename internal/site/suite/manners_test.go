package suite

import (
	"net/http"
	"strings"
	"testing"
)

// TestWhatSitesDo has what a site may do: set cookies, close each connection after its answer,
// and refuse clients without a name, and libraries.
func TestWhatSitesDo(t *testing.T) {
	for name, s := range map[string]faulty{
		"cookies": {header: func(_ *http.Request, h http.Header) { h.Set("Set-Cookie", "session=1; HttpOnly") }},
		"closes":  {header: func(_ *http.Request, h http.Header) { h.Set("Connection", "close") }},
		"no libraries": {status: func(r *http.Request, code int) int {
			if agent := r.UserAgent(); r.RequestURI == "/" && r.Method == http.MethodGet && strings.Contains(agent, "Go-http-client") {
				return http.StatusForbidden
			}
			return code
		}},
	} {
		if failing, _ := run(t, s); len(failing) > 0 {
			t.Errorf("%s: %q", name, failing)
		}
	}
}
