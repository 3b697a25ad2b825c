package upstream_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	"github.com/romanatrashyonok/kiln/internal/kernel/upstream"
	ut "github.com/romanatrashyonok/kiln/internal/kernel/upstream/upstreamtest"
	"github.com/romanatrashyonok/kiln/internal/report"
)

const name = "6.12.7"

func org(t *testing.T) (*ut.Org, *upstream.Client, release.Version) {
	t.Helper()
	o := ut.New(t)
	o.Feed(name, ut.Entry("longterm", name, false))
	o.Publish(name, ut.Pack(t, ut.Tree(name)))
	v, err := release.Parse(name)
	if err != nil {
		t.Fatal(err)
	}
	return o, upstream.New(o.Config(), t.TempDir(), t.TempDir(), report.New(t.Output(), t.Output(), "")), v
}

// tarball downloads the release by its checksum.
func tarball(t *testing.T, c *upstream.Client, v release.Version) error {
	t.Helper()
	sums, err := c.Checksums(t.Context(), v.Major(), 0)
	if err != nil {
		t.Fatal(err)
	}
	listed, err := sums.Of(v)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Download(t.Context(), v, c.Config.TarballURL(v, listed.Name), listed.SHA256)
	return err
}

// isTarball reports whether a request is for the tarball.
func isTarball(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, ".tar.gz") }

func TestInterruptedDownloadIsResumed(t *testing.T) {
	o, c, v := org(t)
	complete := o.Get(ut.Tarball(name))
	var ranges []string
	o.Before = func(w http.ResponseWriter, r *http.Request) bool {
		if !isTarball(r) {
			return false
		}
		ranges = append(ranges, r.Header.Get("Range"))
		if len(ranges) > 1 {
			return false
		}
		w.Header().Set("Content-Length", "100000")
		w.Write(complete[:100])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler) // closes the connection
	}
	if err := tarball(t, c, v); err != nil {
		t.Fatal(err)
	}
	if len(ranges) != 2 || ranges[1] != "bytes=100-" {
		t.Errorf("requested ranges %q", ranges)
	}
}

func TestDownloadInterruptedEachTimeIsANetworkError(t *testing.T) {
	o, c, v := org(t)
	o.Before = func(w http.ResponseWriter, r *http.Request) bool {
		if !isTarball(r) {
			return false
		}
		w.Header().Set("Content-Length", "100000")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	start := time.Now()
	err := tarball(t, c, v)
	if time.Since(start) > 5*time.Second {
		t.Errorf("it took %s", time.Since(start))
	}
	if fault.CauseOf(err) != fault.Network || fault.Code(err) != int(fault.Environment) || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("%s, exit code %d: %v", fault.CauseOf(err), fault.Code(err), err)
	}
}

// TestServerThatClosesConnections asks for each kind of file a server that never answers.
func TestServerThatClosesConnections(t *testing.T) {
	o, c, v := org(t)
	sums, err := c.Checksums(t.Context(), v.Major(), 0)
	if err != nil {
		t.Fatal(err)
	}
	listed, err := sums.Of(v)
	if err != nil {
		t.Fatal(err)
	}
	o.Before = func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }
	start := time.Now()
	fresh := upstream.New(c.Config, c.Dir, t.TempDir(), c.Console)
	for name, get := range map[string]func() error{
		"releases":  func() error { _, _, err := fresh.Feed(t.Context(), 0); return err },
		"checksums": func() error { _, err := fresh.Checksums(t.Context(), v.Major(), 0); return err },
		"dates":     func() error { _, _, err := fresh.Dates(t.Context(), 0); return err },
		"signature": func() error { _, err := fresh.Signature(t.Context(), v); return err },
		"tarball": func() error {
			_, err := fresh.Download(t.Context(), v, c.Config.TarballURL(v, listed.Name), listed.SHA256)
			return err
		},
	} {
		err := get()
		if fault.CauseOf(err) != fault.Network || fault.Code(err) != int(fault.Environment) || !strings.Contains(err.Error(), "closed the connection without an answer") {
			t.Errorf("%s: exit code %d, %v", name, fault.Code(err), err)
		}
	}
	if time.Since(start) > 5*time.Second {
		t.Errorf("it took %s", time.Since(start))
	}
}

func TestRetryAfterIsObeyed(t *testing.T) {
	o, c, v := org(t)
	requests := 0
	o.Before = func(w http.ResponseWriter, r *http.Request) bool {
		if !isTarball(r) {
			return false
		}
		if requests++; requests > 1 {
			return false
		}
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}
	start := time.Now()
	if err := tarball(t, c, v); err != nil || requests != 2 || time.Since(start) < time.Second {
		t.Errorf("%d requests in %s: %v", requests, time.Since(start), err)
	}
}

func TestSecondMirrorServes(t *testing.T) {
	o, c, v := org(t) // the first mirror of o.Config does not answer
	if err := tarball(t, c, v); err != nil {
		t.Error(err)
	}
	o.Before = func(w http.ResponseWriter, r *http.Request) bool {
		if isTarball(r) {
			http.NotFound(w, r)
		}
		return isTarball(r)
	}
	c.Cache = t.TempDir()
	if err := tarball(t, c, v); fault.Code(err) != int(fault.Environment) || !strings.Contains(err.Error(), "no mirror served it") {
		t.Errorf("got %v", err)
	}
}

func TestCachedListsServeWhenTheNetworkIsDown(t *testing.T) {
	o, c, _ := org(t)
	if _, d, err := c.Feed(t.Context(), 0); err != nil || d.FetchError != nil {
		t.Fatalf("%v, %v", err, d.FetchError)
	}
	if _, err := c.Checksums(t.Context(), 6, 0); err != nil {
		t.Fatal(err)
	}
	down := upstream.New(c.Config, c.Dir, c.Cache, c.Console)
	down.HTTP.Transport = refusing{}
	down.Now = func() time.Time { return time.Now().Add(3 * time.Hour) }
	feed, d, err := down.Feed(t.Context(), time.Minute)
	if err != nil || d.FetchError == nil || len(feed.Releases) != 1 || time.Since(d.Fetched) > time.Minute {
		t.Errorf("%v, %+v", err, d)
	}
	if sums, err := down.Checksums(t.Context(), 6, 0); err != nil || sums.Document().FetchError == nil {
		t.Errorf("checksums: %v", err)
	}
	if _, _, err := down.Dates(t.Context(), 0); !upstream.IsUnreachable(err) {
		t.Errorf("not cached: %v", err)
	}
	o.Put("releases.json", []byte(`{"changed":true}`))
	if _, _, err := c.Feed(t.Context(), 0); err == nil || !strings.Contains(err.Error(), "expected") {
		t.Errorf("a changed document: %v", err)
	}
}

// refusing is a network that is down.
type refusing struct{}

func (refusing) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
}

func TestCachedListIsVerifiedOnEachUse(t *testing.T) {
	o, c, _ := org(t)
	if _, err := c.Checksums(t.Context(), 6, time.Hour); err != nil {
		t.Fatal(err)
	}
	cached, err := filepath.Glob(filepath.Join(c.Cache, "documents", "*.json"))
	if err != nil || len(cached) != 1 {
		t.Fatalf("%v, %v", cached, err)
	}
	text, err := os.ReadFile(cached[0])
	if err != nil {
		t.Fatal(err)
	}
	o.SignSums(ut.Key(t, "mallory"))
	if _, err := c.Checksums(t.Context(), 6, time.Hour); err != nil {
		t.Errorf("the cached list is still good: %v", err)
	}
	if err := os.WriteFile(cached[0], []byte(strings.Replace(string(text), `"text": "`, `"text": "AAAA`, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Checksums(t.Context(), 6, time.Hour); trust.StateOf(err) != trust.WrongSigner {
		t.Errorf("want the altered list fetched again, and that one refused: %v", err)
	}
}

// TestKeysByWebKeyDirectory looks up keys over TLS at the hosts of the signers' addresses,
// all of which are one server here.
func TestKeysByWebKeyDirectory(t *testing.T) {
	key, other := ut.Key(t, "autosigner"), ut.Key(t, "autosigner")
	served, requests := key, []string{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests = append(requests, r.Host+r.URL.Path)
		if served == nil {
			http.NotFound(w, r)
			return
		}
		served.Serialize(w)
	}))
	defer server.Close()
	client := server.Client()
	client.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
	}
	c := upstream.New(upstream.Default(), t.TempDir(), t.TempDir(), report.New(t.Output(), t.Output(), ""))
	client.Transport.(*http.Transport).TLSClientConfig.InsecureSkipVerify = true // the names are kernel.org's, the certificate is the test's
	c.HTTP = client
	signer := []trust.Signer{{Fingerprint: ut.Fingerprint(key), Name: "t", Address: "Joe.Doe@example.org"}}
	text := ut.Clearsign(t, "x\n", key)
	verify := func() error {
		ring, err := c.Keys().Ring(t.Context(), "tests", signer)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = ring.Clearsigned(text)
		return err
	}
	if err := verify(); err != nil {
		t.Fatal(err)
	}
	// The name is the example of the draft.
	if want := "openpgpkey.example.org/.well-known/openpgpkey/example.org/hu/iy9q119eutrkn8s1mk4r39qejnbu3n5q"; len(requests) != 1 || requests[0] != want {
		t.Errorf("requested %q", requests)
	}
	served = nil
	if err := verify(); err != nil || len(requests) != 1 {
		t.Errorf("want the fresh key from the cache: %v, requested %q", err, requests)
	}
	c.Cache = t.TempDir()
	if err := verify(); trust.StateOf(err) != trust.NoKeys || len(requests) != 3 {
		t.Errorf("missing: %v, requested %q", err, requests)
	}
	served = other
	if err := verify(); trust.StateOf(err) != trust.NoKeys || !strings.Contains(err.Error(), "has no key "+ut.Fingerprint(key)) {
		t.Errorf("different key under the address: %v", err)
	}
}
