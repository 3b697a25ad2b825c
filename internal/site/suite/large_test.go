package suite

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/site/nginx"
)

// counter counts the bytes of the bodies that a client has read.
type counter struct {
	http.RoundTripper
	read atomic.Int64
}

func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := c.RoundTripper.RoundTrip(r)
	if err == nil {
		response.Body = counted{response.Body, c}
	}
	return response, err
}

type counted struct {
	io.ReadCloser
	c *counter
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.c.read.Add(int64(n))
	return n, err
}

// unmodelled predicts a file with status 200 for every request.
type unmodelled struct{ path string }

func (m unmodelled) Predict(nginx.Request) nginx.Prediction {
	return nginx.Prediction{Status: http.StatusOK, File: m.path}
}

// TestLargeFileIsFetchedOnce: what the server says is the same as before is compared by its
// beginning, and all of it where the server does not say so. A difference is found.
func TestLargeFileIsFetchedOnce(t *testing.T) {
	large := strings.Repeat("0123456789abcdef", 8*partSize/16)
	other := "X" + large[1:]
	for _, c := range []struct {
		name, again  string // what is sent to a client that accepts gzip
		tag, tagThen string
		whole, fails bool
	}{
		{"same", large, `"1"`, `"1"`, false, false},
		{"same bytes, different validator", large, `"1"`, `"2"`, true, false},
		{"same bytes, weak validator", large, `W/"1"`, `W/"1"`, true, false},
		{"no validator", large, "", "", true, false},
		{"different beginning", other, `"1"`, `"1"`, false, true},
		{"different length", large[1:], `"1"`, `"1"`, true, true},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			text, tag := large, c.tag
			if r.Header.Get("Accept-Encoding") == "gzip" {
				text, tag = c.again, c.tagThen
			}
			if tag != "" {
				w.Header().Set("ETag", tag)
			}
			http.ServeContent(w, r, "large.bin", time.Time{}, strings.NewReader(text))
		}))
		f := File{URL: "/large.bin", Path: "/srv/large.bin", Size: int64(len(large)), SHA256: bodyOf(large).sha256, Open: opener(large)}
		address, err := url.Parse(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		at := Address{URL: address}
		r := &runner{at: at, site: newIndex(Expectation{Files: []File{f}, Model: unmodelled{f.Path}}), client: at.client(), record: &transcript{}}
		count := &counter{RoundTripper: r.client.Transport}
		r.client.Transport = count
		checkFile(context.Background(), r, f, true)
		server.Close()
		if whole := count.read.Load() > int64(len(large))+4*partSize; whole != c.whole || r.failed() != c.fails {
			t.Errorf("%s: read %d bytes, failed %v: %v", c.name, count.read.Load(), r.failed(), failed(r.checks))
		}
	}
}

// failed returns the names of the checks that failed.
func failed(checks []Check) (names []string) {
	for _, c := range checks {
		if !c.Passed {
			names = append(names, c.Name+": "+c.Expected+" / "+c.Got)
		}
	}
	return names
}
