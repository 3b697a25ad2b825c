package registrytest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Fault answers a request in the registry's place, or lets it through: false.
type Fault func(w http.ResponseWriter, r *http.Request) bool

// FlakyProxy puts a proxy that misbehaves before a registry until the test ends, and gives
// its address. The first fault that answers a request has it.
func FlakyProxy(t *testing.T, registry string, faults ...Fault) string {
	t.Helper()
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: registry})
		r.Out.Host = r.In.Host // so that the registry leads back here
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, f := range faults {
			if f(w, r) {
				return
			}
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// The requests of a push (OCI distribution specification, "Pushing").
var (
	blob     = regexp.MustCompile(`/blobs/uploads/`)
	manifest = regexp.MustCompile(`/manifests/([^/]+)$`)
)

// Sends tells whether a request sends a part of a layer.
func Sends(r *http.Request) bool {
	return blob.MatchString(r.URL.Path) && (r.Method == http.MethodPatch || r.Method == http.MethodPut)
}

// Begins tells whether a request begins to send a layer.
func Begins(r *http.Request) bool {
	return blob.MatchString(r.URL.Path) && r.Method == http.MethodPost
}

// Tags gives a function that tells whether a request sets a tag.
func Tags(tag string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		name := manifest.FindStringSubmatch(r.URL.Path)
		return r.Method == http.MethodPut && name != nil && name[1] == tag
	}
}

// Answers has the first n requests of a sort answered with a status; a negative n is all
// of them. The header is written as name and value by turns.
func Answers(n int, sort func(*http.Request) bool, status int, header ...string) Fault {
	var seen atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !sort(r) || n >= 0 && seen.Add(1) > int64(n) {
			return false
		}
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, `{"errors":[{"code":"UNKNOWN","message":"unruly"}]}`)
		return true
	}
}

// Cuts has the connection of the first n requests of a sort cut when half of their body
// has come.
func Cuts(n int64, sort func(*http.Request) bool) Fault {
	var seen atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !sort(r) || r.ContentLength == 0 || seen.Add(1) > n {
			return false
		}
		io.CopyN(io.Discard, r.Body, max(r.ContentLength/2, 1))
		panic(http.ErrAbortHandler)
	}
}

// Lags has manifests unknown for a while after one was accepted.
func Lags(pause time.Duration) Fault {
	var until atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !manifest.MatchString(r.URL.Path) {
			return false
		}
		if r.Method == http.MethodPut {
			until.CompareAndSwap(0, time.Now().Add(pause).UnixNano())
			return false
		}
		if until.Load() == 0 || time.Now().UnixNano() > until.Load() {
			return false
		}
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}`)
		return true
	}
}

// Counts counts the requests that come.
func Counts(n *atomic.Int64) Fault {
	return func(http.ResponseWriter, *http.Request) bool {
		n.Add(1)
		return false
	}
}
