package fetch

import (
	"context"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
)

// listAge is how long a list of kernel.org's is taken for current in a build.
const listAge = 10 * time.Minute

// kernelOrg is a release's tarball at kernel.org: its checksum is on the list that
// kernel.org signs, and a maintainer signed the tar.
type kernelOrg struct{ room Fetcher }

// resolve finds the newest admitted release in the list of current ones, else in
// the checksums, which name all releases of a major version. A release candidate
// has neither: it is a tag.
func (k kernelOrg) resolve(ctx context.Context, want release.Constraint) (source.Ref, error) {
	v, err := k.newest(ctx, want)
	if err != nil {
		return source.Ref{}, err
	}
	if v.IsCandidate() {
		return k.candidate(ctx, v)
	}
	ref, _, err := k.listed(ctx, v)
	return ref, err
}

// listed returns a release by the list of checksums, and who signed that.
func (k kernelOrg) listed(ctx context.Context, v release.Version) (source.Ref, trust.Signer, error) {
	sums, err := k.room.Upstream.Checksums(ctx, v.Major(), listAge)
	if err != nil {
		return source.Ref{}, trust.Signer{}, err
	}
	sum, err := sums.Of(v)
	if trust.StateOf(err) == trust.Unpublished { // perhaps since the list was kept
		if sums, err = k.room.Upstream.Checksums(ctx, v.Major(), 0); err == nil {
			sum, err = sums.Of(v)
		}
	}
	return source.Ref{Kind: source.KernelOrg, Version: v, SHA256: sum, URL: k.room.Upstream.TarballURL(v)}, sums.Signer, err
}

// Newest returns the newest release at kernel.org that is admitted.
func (r Fetcher) Newest(ctx context.Context, want release.Constraint) (release.Version, error) {
	return kernelOrg{r}.newest(ctx, want)
}

// Pin returns the newest release at kernel.org that is admitted, by a hash from a list
// whose signature was verified, or as a commit whose tag's was, with the signer.
func (r Fetcher) Pin(ctx context.Context, want release.Constraint) (source.Ref, trust.Signer, error) {
	k := kernelOrg{r}
	v, err := k.newest(ctx, want)
	if err != nil {
		return source.Ref{}, trust.Signer{}, err
	}
	if !v.IsCandidate() {
		return k.listed(ctx, v)
	}
	ref, err := k.candidate(ctx, v)
	if err != nil {
		return ref, trust.Signer{}, err
	}
	by, err := k.tagged(v).signerNow(ctx, ref)
	return ref, by, err
}

// candidate is a release candidate: there is no tarball that is signed, so it is
// made from the tag.
func (k kernelOrg) candidate(ctx context.Context, v release.Version) (source.Ref, error) {
	ref, err := k.tagged(v).resolve(ctx, release.Exactly(v))
	ref.Kind = source.KernelOrg
	return ref, err
}

// tagged is the repository at a release's tag, which must be signed.
func (k kernelOrg) tagged(v release.Version) git {
	return git{room: k.room, url: k.room.Upstream.Config.Git, ref: "refs/tags/" + v.Tag(), strict: true}
}

// newest finds the newest release that is admitted.
func (k kernelOrg) newest(ctx context.Context, want release.Constraint) (release.Version, error) {
	feed, list, err := k.room.Upstream.Feed(ctx, listAge)
	if err != nil {
		return release.Version{}, err
	}
	k.room.logStale("kernel.org's list of releases", list)
	current := feed.Versions()
	if m := want.Moniker(); m != "" {
		dates, _, err := k.room.Upstream.Dates(ctx, listAge)
		if err != nil {
			k.room.Console.LogOnce("the ends of life are not known (%v); what is longterm is taken from kernel.org's own word", err)
		}
		current = feed.Line(m, dates)
	}
	if v, ok := want.Newest(current); ok {
		return v, nil
	}
	if want.Moniker() != "" {
		return release.Version{}, fault.New(fault.Usage, "", "kernel.org lists no %s release", want)
	}
	return k.older(ctx, want, current)
}

// older looks for a release that is not current any more, newest major first. A
// candidate that was asked for by its name is taken at that.
func (k kernelOrg) older(ctx context.Context, want release.Constraint, current []release.Version) (release.Version, error) {
	if v, ok := want.Exact(); ok && v.IsCandidate() {
		return v, nil
	}
	newest := 6
	for _, v := range current {
		newest = max(newest, v.Major())
	}
	for major := newest; major >= 4; major-- {
		sums, err := k.room.Upstream.Checksums(ctx, major, listAge)
		if err != nil {
			return release.Version{}, err
		}
		if v, ok := want.Newest(sums.Versions()); ok {
			return v, nil
		}
	}
	if v, ok := want.Exact(); ok {
		return v, nil // it may be so new that its checksum is not there yet
	}
	return release.Version{}, fault.New(fault.Usage, "choose a different version", "kernel.org has no such release")
}

// unpack brings the tarball and unpacks it while the signature over the tar is
// verified.
func (k kernelOrg) unpack(ctx context.Context, ctr *engine.Container, t *source.Tree) (source.Signature, error) {
	if t.Commit != "" {
		return k.tagged(t.Version).unpack(ctx, ctr, t)
	}
	s, err := k.obtain(ctx, t.Ref)
	if err != nil {
		return source.Signature{}, err
	}
	by, made, err := k.room.unpackSigned(ctx, ctr, s)
	t.Time = made
	if err != nil {
		k.room.Upstream.ForgetSignature(t.Version) // a good one may have been published since
		return source.Signature{}, err
	}
	return source.Signature{Status: string(trust.Verified), Signer: by.String()}, nil
}

// signed is a tarball of this machine whose sha256 is right, and all that it takes
// to verify the tar within.
type signed struct {
	tarball   string // its path
	top       string // the folder that all of it lies in
	signature []byte
	ring      trust.Keyring
}

// obtain brings what is needed: the small things first, so that a download does
// not turn out to have been for nothing.
func (k kernelOrg) obtain(ctx context.Context, ref source.Ref) (s signed, err error) {
	s.top = "linux-" + ref.Version.String()
	if s.ring, err = k.room.Upstream.ReleaseKeys(ctx); err != nil {
		return s, err
	}
	if s.signature, err = k.room.Upstream.Signature(ctx, ref.Version); err != nil {
		return s, err
	}
	s.tarball, err = k.room.Upstream.Tarball(ctx, ref.Version, ref.SHA256)
	return s, err
}
