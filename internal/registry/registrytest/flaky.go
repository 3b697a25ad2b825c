package registrytest

import (
	"fmt"
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

// Fault answers a request in place of the registry and returns true, or returns false to
// let it through.
type Fault func(w http.ResponseWriter, r *http.Request) bool

// FlakyProxy runs a proxy in front of a registry until the test ends and returns its
// address, host:port. Each request goes to the faults in their order, then to the registry.
func FlakyProxy(t *testing.T, upstream string, faults ...Fault) string {
	t.Helper()
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: upstream})
		r.Out.Host = r.In.Host // the registry's redirects then lead through the proxy
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

// Sends reports whether a request sends a part of a layer.
func Sends(r *http.Request) bool {
	return blob.MatchString(r.URL.Path) && (r.Method == http.MethodPatch || r.Method == http.MethodPut)
}

// Begins reports whether a request starts the upload of a layer.
func Begins(r *http.Request) bool {
	return blob.MatchString(r.URL.Path) && r.Method == http.MethodPost
}

// Tags returns a function that reports whether a request sets the tag.
func Tags(tag string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		name := manifest.FindStringSubmatch(r.URL.Path)
		return r.Method == http.MethodPut && name != nil && name[1] == tag
	}
}

// Answers returns a fault that answers the first n matching requests with a status; all of
// them if n is negative. The header alternates names and values.
func Answers(n int, match func(*http.Request) bool, status int, header ...string) Fault {
	var seen atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !match(r) || n >= 0 && seen.Add(1) > int64(n) {
			return false
		}
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, `{"errors":[{"code":"UNKNOWN","message":"injected fault"}]}`)
		return true
	}
}

// Cuts returns a fault that closes the connection of the first n matching requests after
// half of their body.
func Cuts(n int64, match func(*http.Request) bool) Fault {
	var seen atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !match(r) || r.ContentLength == 0 || seen.Add(1) > n {
			return false
		}
		io.CopyN(io.Discard, r.Body, max(r.ContentLength/2, 1))
		panic(http.ErrAbortHandler)
	}
}

// Lags returns a fault that hides all manifests for a while after the first one was accepted.
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

// Counts returns a fault that counts the requests in n and lets them through.
func Counts(n *atomic.Int64) Fault {
	return func(http.ResponseWriter, *http.Request) bool {
		n.Add(1)
		return false
	}
}

// Keeps returns a fault that refuses to set a tag that exists already, as a registry does
// whose tags are immutable, with a status and a message.
func Keeps(upstream string, status int, message string) Fault {
	return func(w http.ResponseWriter, r *http.Request) bool {
		name := manifest.FindStringSubmatch(r.URL.Path)
		if r.Method != http.MethodPut || name == nil || strings.HasPrefix(name[1], "sha256:") || ask(upstream, http.MethodHead, r) != http.StatusOK {
			return false
		}
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"errors":[{"code":"DENIED","message":%q}]}`, message)
		return true
	}
}

// Collects returns a fault that deletes a manifest the first time that a client other than an
// engine reads it by digest after it was accepted and pulled.
func Collects(upstream string) Fault {
	var pulled, done atomic.Bool
	return func(w http.ResponseWriter, r *http.Request) bool {
		name := manifest.FindStringSubmatch(r.URL.Path)
		if r.Method != http.MethodGet || name == nil || !strings.HasPrefix(name[1], "sha256:") {
			return false
		}
		if strings.HasPrefix(r.UserAgent(), "docker/") {
			pulled.Store(true)
		} else if pulled.Load() && done.CompareAndSwap(false, true) {
			ask(upstream, http.MethodDelete, r)
		}
		return false
	}
}

// ask sends a request's URL and account to a registry with a method, and returns the status.
func ask(upstream, method string, r *http.Request) int {
	own, err := http.NewRequestWithContext(r.Context(), method, "http://"+upstream+r.URL.Path, nil)
	if err != nil {
		return 0
	}
	own.Header = http.Header{"Authorization": r.Header["Authorization"], "Accept": {"application/vnd.docker.distribution.manifest.v2+json", "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json"}}
	response, err := http.DefaultClient.Do(own)
	if err != nil {
		return 0
	}
	response.Body.Close()
	return response.StatusCode
}
