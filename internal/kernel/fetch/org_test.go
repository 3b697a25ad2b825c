package fetch

import (
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"golang.org/x/sync/singleflight"

	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	"github.com/romanatrashyonok/kiln/internal/kernel/upstream"
	ut "github.com/romanatrashyonok/kiln/internal/kernel/upstream/upstreamtest"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// version is the one release that newOrg publishes, and older a release before it.
const (
	version = "6.12.7"
	older   = "6.12.6"
)

// newOrg returns a kernel.org with one good release.
func newOrg(t testing.TB) *ut.Org {
	t.Helper()
	o := ut.New(t)
	o.Feed(version, ut.Entry("longterm", version, false))
	o.Publish(version, tarOf(t, version))
	return o
}

// tarOf returns a small kernel source as an uncompressed tar.
func tarOf(t testing.TB, version string) []byte {
	t.Helper()
	return ut.Pack(t, ut.Tree(version))
}

// sign replaces the signature of the release by one of the keys given.
func sign(t testing.TB, o *ut.Org, by ...*openpgp.Entity) {
	t.Helper()
	o.Put(ut.Signature(version), ut.Sign(t, tarOf(t, version), by...))
}

// newFetcher returns a fetcher without an engine, whose kernel.org is o as it is now:
// its two keys are the trusted ones.
func newFetcher(t testing.TB, o *ut.Org) Fetcher {
	t.Helper()
	c := report.New(t.Output(), t.Output(), "")
	return Fetcher{Volumes: Volumes{Console: c}, Dir: t.TempDir(), Cache: t.TempDir(), Upstream: upstream.New(o.Config(), t.TempDir(), t.TempDir(), c), Flight: new(singleflight.Group)}
}

// verify goes from the constraint to the verified tarball: all that Fetch does except for
// unpacking it in the engine.
func verify(t *testing.T, f Fetcher) (trust.Signer, error) {
	t.Helper()
	k := kernelOrg{f}
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

// wantRefused checks that the release which o serves now is refused, with that state and
// text in the error.
func wantRefused(t *testing.T, o *ut.Org, state trust.State, text string) {
	t.Helper()
	_, err := verify(t, newFetcher(t, o))
	if trust.StateOf(err) != state || !strings.Contains(err.Error(), text) {
		t.Errorf("state %q, want %q with %q:\n%v", trust.StateOf(err), state, text, err)
	}
}
