package suite

import (
	"net/http"
	"net/url"
	"testing"
)

// TestNextRequestOfARedirect has no fragment: no client sends it.
func TestNextRequestOfARedirect(t *testing.T) {
	r := &runner{at: Address{URL: &url.URL{Scheme: "http", Host: "127.0.0.1:8080"}, Host: "site.example"}}
	for location, want := range map[string]string{
		"/how.html#top":                    "/how.html",
		"/search?q=a#b?c":                  "/search?q=a",
		"http://site.example/x#y":          "/x",
		"http://site.example#y":            "/",
		"/c%23/":                           "/c%23/",
		"https://other.example/p#fragment": "https://other.example/p",
		"":                                 "",
	} {
		if got := r.next(answer{header: http.Header{"Location": {location}}}); got != want {
			t.Errorf("%q: %q, want %q", location, got, want)
		}
	}
}
