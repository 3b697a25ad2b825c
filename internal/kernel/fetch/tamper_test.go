package fetch

import (
	"archive/tar"
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"golang.org/x/sync/singleflight"

	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	"github.com/romanatrashyonok/kiln/internal/kernel/upstream"
	ut "github.com/romanatrashyonok/kiln/internal/kernel/upstream/upstreamtest"
	"github.com/romanatrashyonok/kiln/internal/report"
)

const version = "6.12.7"

// org is a kernel.org with one good release.
func org(t testing.TB) *ut.Org {
	t.Helper()
	o := ut.New(t)
	o.Feed(version, ut.Entry("longterm", version, false))
	o.Publish(version, ut.Pack(t, ut.Tree(version)))
	return o
}

// from gives a room without an engine whose kernel.org is o.
func from(t testing.TB, o *ut.Org) Fetcher {
	t.Helper()
	c := report.New(t.Output(), t.Output(), "")
	return Fetcher{Console: c, Dir: t.TempDir(), Upstream: upstream.New(o.Config(), t.TempDir(), t.TempDir(), c), Flight: new(singleflight.Group)}
}

// verify goes the whole way from what is asked to a verified tarball: all that
// Fetch does but for unpacking it in the engine.
func verify(t *testing.T, r Fetcher) (trust.Signer, error) {
	t.Helper()
	k := kernelOrg{r}
	ref, err := k.resolve(t.Context(), want(t, version))
	if err != nil {
		return trust.Signer{}, err
	}
	s, err := k.obtain(t.Context(), ref)
	if err != nil {
		return trust.Signer{}, err
	}
	by, _, err := s.verify()
	return by, err
}

func TestGoodReleaseIsVerified(t *testing.T) {
	o := org(t)
	by, err := verify(t, from(t, o))
	if err != nil || by.Fingerprint != ut.Fingerprint(o.Maintainer) {
		t.Errorf("by %v, %v", by, err)
	}
}

func TestTampering(t *testing.T) {
	flip := func(data []byte) []byte {
		data = bytes.Clone(data)
		data[len(data)/2] ^= 1
		return data
	}
	with := func(more ...ut.Member) func(*testing.T, *ut.Org) {
		return func(t *testing.T, o *ut.Org) { o.Publish(version, ut.Pack(t, append(ut.Tree(version), more...))) }
	}
	member := func(name string, kind byte, link string) ut.Member {
		return ut.Member{Header: tar.Header{Name: name, Typeflag: kind, Linkname: link, Mode: 0o644}}
	}
	resign := func(key *openpgp.Entity) func(*testing.T, *ut.Org) {
		return func(t *testing.T, o *ut.Org) {
			o.Put(ut.Signature(version), ut.Sign(t, ut.Pack(t, ut.Tree(version)), key))
		}
	}
	for name, tc := range map[string]struct {
		tamper func(*testing.T, *ut.Org)
		state  trust.State
		says   string
	}{
		"tarball altered":   {func(t *testing.T, o *ut.Org) { o.Put(ut.Tarball(version), flip(o.Get(ut.Tarball(version)))) }, trust.Altered, "its sha256 is"},
		"tarball truncated": {func(t *testing.T, o *ut.Org) { o.Put(ut.Tarball(version), o.Get(ut.Tarball(version))[:200]) }, trust.Altered, "its sha256 is"},
		"tarball swapped for another release": {func(t *testing.T, o *ut.Org) {
			o.Put(ut.Tarball(version), ut.Zip(t, ut.Pack(t, ut.Tree("6.12.6"))))
		}, trust.Altered, "its sha256 is"},
		"tarball, signature and name swapped for an older release": {func(t *testing.T, o *ut.Org) {
			o.Publish(version, ut.Pack(t, ut.Tree("6.12.6")))
		}, trust.Altered, "not below linux-6.12.7/"},
		"sums altered": {func(t *testing.T, o *ut.Org) {
			text := string(o.Get(ut.SumsFile))
			at := strings.Index(text, "  linux-") - 1
			digit := byte('0')
			if text[at] == '0' {
				digit = '1'
			}
			o.Put(ut.SumsFile, []byte(text[:at]+string(digit)+text[at+1:]))
		}, trust.Altered, "does not fit"},
		"sums unsigned": {func(t *testing.T, o *ut.Org) {
			o.Put(ut.SumsFile, []byte(ut.Sums(t, filepath.Join(o.Dir, "v6.x"))))
		}, trust.Missing, "no signature"},
		"sums with a line behind the signature": {func(t *testing.T, o *ut.Org) {
			o.Put(ut.SumsFile, append(o.Get(ut.SumsFile), strings.Repeat("0", 64)+"  linux-6.12.7.tar.gz\n"...))
		}, trust.Altered, "follows the signature"},
		"sums signed by another key":     {func(t *testing.T, o *ut.Org) { o.SignSums(ut.Key(t, "mallory")) }, trust.WrongSigner, "does not count for checksums"},
		"sums signed by the release key": {func(t *testing.T, o *ut.Org) { o.SignSums(o.Maintainer) }, trust.WrongSigner, "does not count for checksums"},
		"sums not published yet": {func(t *testing.T, o *ut.Org) {
			o.Put(ut.SumsFile, ut.Clearsign(t, strings.Repeat("0", 64)+"  linux-6.12.6.tar.gz\n", o.Autosigner))
		}, trust.Unpublished, "wait"},
		"signature missing":         {func(t *testing.T, o *ut.Org) { os.Remove(filepath.Join(o.Dir, ut.Signature(version))) }, trust.Missing, "has no linux-6.12.7.tar.sign"},
		"signature empty":           {func(t *testing.T, o *ut.Org) { o.Put(ut.Signature(version), nil) }, trust.Missing, "no signature"},
		"signature is no signature": {func(t *testing.T, o *ut.Org) { o.Put(ut.Signature(version), ut.Public(t, o.Maintainer)) }, trust.Missing, "expected an OpenPGP signature"},
		"signed by the autosigner":  {func(t *testing.T, o *ut.Org) { resign(o.Autosigner)(t, o) }, trust.WrongSigner, "does not count for releases"},
		"signed by an unknown key":  {func(t *testing.T, o *ut.Org) { resign(ut.Key(t, "mallory"))(t, o) }, trust.WrongSigner, "does not count for releases"},
		"signed by a key that is there but not pinned": {func(t *testing.T, o *ut.Org) {
			mallory := ut.Key(t, "mallory")
			o.PutKey(mallory)
			resign(mallory)(t, o)
		}, trust.WrongSigner, "does not count for releases"},
		"signed by two": {func(t *testing.T, o *ut.Org) {
			o.Put(ut.Signature(version), ut.Sign(t, ut.Pack(t, ut.Tree(version)), o.Maintainer, ut.Key(t, "mallory")))
		}, trust.Altered, "several"},
		"signature of another tarball": {func(t *testing.T, o *ut.Org) {
			o.Put(ut.Signature(version), ut.Sign(t, ut.Pack(t, ut.Tree("6.12.6")), o.Maintainer))
		}, trust.Altered, "does not fit"},
		"signed by a key that is expired": {func(t *testing.T, o *ut.Org) {
			long := time.Now().Add(-48 * time.Hour)
			o.Maintainer = ut.Key(t, "maintainer", &packet.Config{KeyLifetimeSecs: 3600, Time: func() time.Time { return long }})
			o.PutKey(o.Maintainer)
			o.Put(ut.Signature(version), ut.SignAt(t, long, ut.Pack(t, ut.Tree(version)), o.Maintainer))
		}, trust.WrongSigner, "expired"},
		"signed by a key that is revoked": {func(t *testing.T, o *ut.Org) {
			resign(o.Maintainer)(t, o)
			if err := o.Maintainer.RevokeKey(packet.KeyCompromised, "stolen", nil); err != nil {
				t.Fatal(err)
			}
			o.PutKey(o.Maintainer)
		}, trust.WrongSigner, "revoked"},
		"key of the right name and the wrong fingerprint": {func(t *testing.T, o *ut.Org) {
			mallory := ut.Key(t, "maintainer")
			resign(mallory)(t, o)
			write(t, filepath.Join(o.Keys, ut.Fingerprint(o.Maintainer)+".asc"), string(ut.Public(t, mallory)))
		}, trust.NoKeys, "none of the keys"},
		"signed under the number of the right key": {func(t *testing.T, o *ut.Org) {
			mallory := ut.Key(t, "maintainer")
			mallory.PrivateKey.KeyId, mallory.PrivateKey.Fingerprint = o.Maintainer.PrimaryKey.KeyId, o.Maintainer.PrimaryKey.Fingerprint
			resign(mallory)(t, o)
		}, trust.Altered, "does not fit"},
		"signed under the short number of the right key alone": {func(t *testing.T, o *ut.Org) {
			mallory := ut.Key(t, "maintainer")
			o.PutKey(mallory)
			mallory.PrivateKey.KeyId = o.Maintainer.PrimaryKey.KeyId
			resign(mallory)(t, o)
		}, trust.WrongSigner, "does not count"},
		"keys not there":            {func(t *testing.T, o *ut.Org) { os.Remove(filepath.Join(o.Keys, ut.Fingerprint(o.Maintainer)+".asc")) }, trust.NoKeys, "not there"},
		"member above the folder":   {with(member("linux-6.12.7/../../etc/passwd", tar.TypeReg, "")), trust.Altered, "not below linux-6.12.7/"},
		"member with a whole path":  {with(member("/etc/passwd", tar.TypeReg, "")), trust.Altered, "not below linux-6.12.7/"},
		"member beside the folder":  {with(member("linux-6.12.70/x", tar.TypeReg, "")), trust.Altered, "not below linux-6.12.7/"},
		"symlink out of the folder": {with(member("linux-6.12.7/out", tar.TypeSymlink, "../../etc")), trust.Altered, "holds a link"},
		"symlink with a whole path": {with(member("linux-6.12.7/out", tar.TypeSymlink, "/etc")), trust.Altered, "holds a link"},
		"hard link out":             {with(member("linux-6.12.7/out", tar.TypeLink, "/etc/shadow")), trust.Altered, "holds a link"},
		"a device":                  {with(member("linux-6.12.7/null", tar.TypeChar, "")), trust.Altered, "no file, folder or link"},
		"something behind the tar": {func(t *testing.T, o *ut.Org) {
			o.Publish(version, append(ut.Pack(t, ut.Tree(version)), "more"...))
		}, trust.Altered, "follows the end"},
	} {
		t.Run(name, func(t *testing.T) {
			o := org(t)
			tc.tamper(t, o)
			config := o.Config() // the keys that the tampering changed are those that were pinned
			r := from(t, o)
			r.Upstream.Config = config
			_, err := verify(t, r)
			if trust.StateOf(err) != tc.state || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("state %q, want %q with %q:\n%v", trust.StateOf(err), tc.state, tc.says, err)
			}
		})
	}
}

func TestRedirectToAnotherHost(t *testing.T) {
	o := org(t)
	other := httptest.NewServer(http.FileServer(http.Dir(o.Dir)))
	defer other.Close()
	o.Before = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, ".tar.gz") {
			return false
		}
		http.Redirect(w, r, other.URL+r.URL.Path, http.StatusFound)
		return true
	}
	if _, err := verify(t, from(t, o)); trust.StateOf(err) != trust.Elsewhere {
		t.Errorf("got %v", err)
	}
}

func TestCacheIsCheckedOnEachUse(t *testing.T) {
	o := org(t)
	r := from(t, o)
	if _, err := verify(t, r); err != nil {
		t.Fatal(err)
	}
	kept, err := filepath.Glob(filepath.Join(r.Upstream.Cache, "downloads", strings.Repeat("[0-9a-f]", 64)))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept %v, %v", kept, err)
	}
	write(t, kept[0], "altered after the download")
	if _, err := verify(t, r); err != nil {
		t.Errorf("it is fetched anew where that can be: %v", err)
	}
	write(t, kept[0], "altered again")
	o.Put(ut.Tarball(version), []byte("altered there too"))
	if _, err := verify(t, r); trust.StateOf(err) != trust.Altered {
		t.Errorf("got %v", err)
	}
}

func TestNothingUnverifiedReachesADecompressor(t *testing.T) {
	o := org(t)
	o.Put(ut.Tarball(version), []byte("\x1f\x8b no gzip at all"))
	if _, err := verify(t, from(t, o)); err == nil || !strings.Contains(err.Error(), "its sha256 is") {
		t.Errorf("got %v", err)
	}
}

func TestStatesOfOtherReleases(t *testing.T) {
	o := org(t)
	o.Publish("6.1.3", ut.Pack(t, ut.Tree("6.1.3")))
	r := from(t, o)
	for text, want := range map[string]string{
		"~> 6.12.0": version, "6.12": version, "longterm": version, version: version, "6.1": "6.1.3", ">= 6.0, < 6.5": "6.1.3",
	} {
		w, err := release.ParseConstraint(text)
		if err != nil {
			t.Fatal(err)
		}
		if ref, err := r.Resolve(t.Context(), source.KernelOrg, w); err != nil || ref.Version.String() != want || ref.SHA256 == "" {
			t.Errorf("%s: %v, %v; want %s", text, ref, err, want)
		}
	}
}
