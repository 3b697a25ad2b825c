package fetch

import (
	"archive/tar"
	"bytes"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	ut "github.com/romanatrashyonok/kiln/internal/kernel/upstream/upstreamtest"
)

func TestGoodReleaseIsVerified(t *testing.T) {
	o := newOrg(t)
	by, err := verify(t, newFetcher(t, o))
	if err != nil || by.Fingerprint != ut.Fingerprint(o.Maintainer) {
		t.Errorf("by %v, %v", by, err)
	}
}

func TestWrongTarballIsRefused(t *testing.T) {
	o := newOrg(t)
	good := o.Get(ut.Tarball(version))
	altered := bytes.Clone(good)
	altered[len(altered)/2] ^= 1
	for name, tarball := range map[string][]byte{
		"altered": altered, "truncated": good[:200], "of an older release": ut.Zip(t, tarOf(t, older)),
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			o.Put(ut.Tarball(version), tarball)
			wantRefused(t, o, trust.Altered, "its sha256 is")
		})
	}
}

// TestOlderReleaseUnderANewNameIsRefused publishes an older release under the new one's
// name, with signature and checksum.
func TestOlderReleaseUnderANewNameIsRefused(t *testing.T) {
	o := newOrg(t)
	o.Publish(version, tarOf(t, older))
	wantRefused(t, o, trust.Altered, "not below linux-6.12.7/")
}

func TestNothingUnverifiedReachesADecompressor(t *testing.T) {
	o := newOrg(t)
	o.Put(ut.Tarball(version), []byte("\x1f\x8b not gzip at all"))
	wantRefused(t, o, trust.Altered, "its sha256 is")
}

// TestBadMemberIsRefused publishes signed tarballs with a member, or the target of a link,
// outside of their folder, or of a wrong type.
func TestBadMemberIsRefused(t *testing.T) {
	const outside, link = "not below linux-6.12.7/", "holds a link"
	for name, tc := range map[string]struct {
		member tar.Header
		text   string
	}{
		"above the folder":            {tar.Header{Name: "linux-6.12.7/../../etc/passwd", Typeflag: tar.TypeReg}, outside},
		"absolute path":               {tar.Header{Name: "/etc/passwd", Typeflag: tar.TypeReg}, outside},
		"beside the folder":           {tar.Header{Name: "linux-6.12.70/x", Typeflag: tar.TypeReg}, outside},
		"symlink out of the folder":   {tar.Header{Name: "linux-6.12.7/out", Typeflag: tar.TypeSymlink, Linkname: "../../etc"}, link},
		"symlink to an absolute path": {tar.Header{Name: "linux-6.12.7/out", Typeflag: tar.TypeSymlink, Linkname: "/etc"}, link},
		"hard link out of the folder": {tar.Header{Name: "linux-6.12.7/out", Typeflag: tar.TypeLink, Linkname: "/etc/shadow"}, link},
		"device":                      {tar.Header{Name: "linux-6.12.7/null", Typeflag: tar.TypeChar}, "not a file, folder or link"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			tc.member.Mode = 0o644
			o.Publish(version, ut.Pack(t, append(ut.Tree(version), ut.Member{Header: tc.member})))
			wantRefused(t, o, trust.Altered, tc.text)
		})
	}
}

func TestDataBehindTheTarIsRefused(t *testing.T) {
	o := newOrg(t)
	o.Publish(version, append(tarOf(t, version), "more"...))
	wantRefused(t, o, trust.Altered, "follows the end")
}

func TestRedirectToADifferentHostIsRefused(t *testing.T) {
	o := newOrg(t)
	mirror := httptest.NewServer(http.FileServer(http.Dir(o.Dir)))
	defer mirror.Close()
	o.Before = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, ".tar.gz") {
			return false
		}
		http.Redirect(w, r, mirror.URL+r.URL.Path, http.StatusFound)
		return true
	}
	wantRefused(t, o, trust.Redirected, "")
}

func TestAlteredCacheIsFetchedAgain(t *testing.T) {
	f := newFetcher(t, newOrg(t))
	alterCached(t, f)
	if _, err := verify(t, f); err != nil {
		t.Errorf("the server still has the good tarball: %v", err)
	}
}

func TestAlteredCacheIsRefusedWithAnAlteredServer(t *testing.T) {
	o := newOrg(t)
	f := newFetcher(t, o)
	alterCached(t, f)
	o.Put(ut.Tarball(version), []byte("altered on the server too"))
	if _, err := verify(t, f); trust.StateOf(err) != trust.Altered {
		t.Errorf("got %v", err)
	}
}

// alterCached downloads the tarball and alters the cached copy.
func alterCached(t *testing.T, f Fetcher) {
	t.Helper()
	if _, err := verify(t, f); err != nil {
		t.Fatal(err)
	}
	cached, err := filepath.Glob(filepath.Join(f.Upstream.Cache, "downloads", strings.Repeat("[0-9a-f]", 64)))
	if err != nil || len(cached) != 1 {
		t.Fatalf("cached %v, %v", cached, err)
	}
	write(t, cached[0], "altered after the download")
}

func TestNewestAdmittedReleaseIsResolved(t *testing.T) {
	o := newOrg(t)
	o.Publish("6.1.3", tarOf(t, "6.1.3"))
	f := newFetcher(t, o)
	for text, want := range map[string]string{
		"~> 6.12.0": version, "6.12": version, "longterm": version, version: version, "6.1": "6.1.3", ">= 6.0, < 6.5": "6.1.3",
	} {
		w, err := release.ParseConstraint(text)
		if err != nil {
			t.Fatal(err)
		}
		if ref, err := f.Resolve(t.Context(), source.KernelOrg, w); err != nil || ref.Version.String() != want || ref.SHA256 == "" {
			t.Errorf("%s: %v, %v; want %s", text, ref, err, want)
		}
	}
}
