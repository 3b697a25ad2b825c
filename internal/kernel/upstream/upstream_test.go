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

// tarball brings the release by its checksum.
func tarball(t *testing.T, c *upstream.Client, v release.Version) error {
	t.Helper()
	sums, err := c.Checksums(t.Context(), v.Major(), 0)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := sums.Of(v)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Tarball(t.Context(), v, sum)
	return err
}

// isTarball reports whether a request asks for the tarball.
func isTarball(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, ".tar.gz") }

func TestInterruptedDownloadGoesOn(t *testing.T) {
	o, c, v := org(t)
	whole := o.Get(ut.Tarball(name))
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
		w.Write(whole[:100])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler) // the connection breaks off
	}
	if err := tarball(t, c, v); err != nil {
		t.Fatal(err)
	}
	if len(ranges) != 2 || ranges[1] != "bytes=100-" {
		t.Errorf("asked for %q", ranges)
	}
}

func TestDownloadThatIsCutEachTimeIsTheNetworks(t *testing.T) {
	o, c, v := org(t)
	o.Before = func(w http.ResponseWriter, r *http.Request) bool {
		if !isTarball(r) {
			return false
		}
		w.Header().Set("Content-Length", "100000")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	err := tarball(t, c, v)
	if fault.CauseOf(err) != fault.Network || fault.Code(err) != int(fault.Environment) || !strings.Contains(err.Error(), "broken off") {
		t.Errorf("%s, exit code %d: %v", fault.CauseOf(err), fault.Code(err), err)
	}
}

func TestServerThatAsksForPatienceIsWaitedFor(t *testing.T) {
	o, c, v := org(t)
	asked := 0
	o.Before = func(w http.ResponseWriter, r *http.Request) bool {
		if !isTarball(r) {
			return false
		}
		if asked++; asked > 1 {
			return false
		}
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}
	start := time.Now()
	if err := tarball(t, c, v); err != nil || asked != 2 || time.Since(start) < time.Second {
		t.Errorf("asked %d times in %s: %v", asked, time.Since(start), err)
	}
}

func TestSecondMirrorServes(t *testing.T) {
	o, c, v := org(t) // the first mirror of o.Config is one that nobody answers at
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
	if err := tarball(t, c, v); fault.Code(err) != int(fault.Environment) || !strings.Contains(err.Error(), "no mirror gave it") {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsKnownServesWhenTheNetworkIsDown(t *testing.T) {
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
	if sums, err := down.Checksums(t.Context(), 6, 0); err != nil || sums.FetchError() == nil {
		t.Errorf("checksums: %v", err)
	}
	if _, _, err := down.Dates(t.Context(), 0); !upstream.IsUnreachable(err) {
		t.Errorf("what was never fetched: %v", err)
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

func TestKeptListIsVerifiedOnEachUse(t *testing.T) {
	o, c, _ := org(t)
	if _, err := c.Checksums(t.Context(), 6, time.Hour); err != nil {
		t.Fatal(err)
	}
	kept, err := filepath.Glob(filepath.Join(c.Cache, "documents", "*.json"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("%v, %v", kept, err)
	}
	text, err := os.ReadFile(kept[0])
	if err != nil {
		t.Fatal(err)
	}
	o.SignSums(ut.Key(t, "mallory"))
	if _, err := c.Checksums(t.Context(), 6, time.Hour); err != nil {
		t.Errorf("the kept list is still good: %v", err)
	}
	if err := os.WriteFile(kept[0], []byte(strings.Replace(string(text), `"text": "`, `"text": "AAAA`, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Checksums(t.Context(), 6, time.Hour); trust.StateOf(err) != trust.WrongSigner {
		t.Errorf("a kept list that was altered is fetched anew, and that one is not trusted: %v", err)
	}
}

// TestKeysByWebKeyDirectory looks keys up over TLS at the hosts that the signers'
// addresses lead to, all of which end at one server.
func TestKeysByWebKeyDirectory(t *testing.T) {
	key, other := ut.Key(t, "autosigner"), ut.Key(t, "autosigner")
	served, asked := key, []string{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Host+r.URL.Path)
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
	// The name is the one that the draft gives as its example.
	if want := "openpgpkey.example.org/.well-known/openpgpkey/example.org/hu/iy9q119eutrkn8s1mk4r39qejnbu3n5q"; len(asked) != 1 || asked[0] != want {
		t.Errorf("asked %q", asked)
	}
	served = nil
	if err := verify(); err != nil || len(asked) != 1 {
		t.Errorf("a key of today is kept: %v, asked %q", err, asked)
	}
	c.Cache = t.TempDir()
	if err := verify(); trust.StateOf(err) != trust.NoKeys || len(asked) != 3 {
		t.Errorf("not there: %v, asked %q", err, asked)
	}
	served = other
	if err := verify(); trust.StateOf(err) != trust.NoKeys || !strings.Contains(err.Error(), "is not key "+ut.Fingerprint(key)) {
		t.Errorf("another key under the address: %v", err)
	}
}
