package fetch

import (
	"context"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/decompress"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	"github.com/romanatrashyonok/kiln/internal/kernel/upstream"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// listAge is how old a list of kernel.org may be in a build.
const listAge = 10 * time.Minute

// kernelOrg provides a release's tarball from kernel.org: its checksum is on the list that
// kernel.org signs, and a maintainer signed the uncompressed tar.
type kernelOrg struct{ fetcher Fetcher }

// resolve finds the newest admitted release in the list of current ones, else in the
// checksums, which list all releases of a major version. A release candidate is in neither:
// it is a tag.
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

// listed returns a release with its sha256 from the list of checksums, and the list's signer.
func (k kernelOrg) listed(ctx context.Context, v release.Version) (source.Ref, trust.Signer, error) {
	sums, err := k.fetcher.Upstream.Checksums(ctx, v.Major(), listAge)
	if err != nil {
		return source.Ref{}, trust.Signer{}, err
	}
	tarball, err := sums.Of(v)
	if trust.StateOf(err) == trust.Unpublished { // it may have been since the list was cached
		if sums, err = k.fetcher.Upstream.Checksums(ctx, v.Major(), 0); err == nil {
			tarball, err = sums.Of(v)
		}
	}
	k.logStale("the checksums", sums.Document())
	url := k.fetcher.Upstream.Config.TarballURL(v, tarball.Name)
	return source.Ref{Kind: source.KernelOrg, Version: v, SHA256: tarball.SHA256, URL: url}, sums.Signer, err
}

// Newest returns the newest release at kernel.org that want admits.
func (f Fetcher) Newest(ctx context.Context, want release.Constraint) (release.Version, error) {
	return kernelOrg{f}.newest(ctx, want)
}

// Pin returns the newest release at kernel.org that want admits: by the sha256 from a signed
// list, or for a release candidate by the commit of a signed tag. It verifies the signature
// and returns the signer.
func (f Fetcher) Pin(ctx context.Context, want release.Constraint) (source.Ref, trust.Signer, error) {
	k := kernelOrg{f}
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
	by, err := k.tagged(v).fetchSigner(ctx, ref)
	return ref, by, err
}

// candidate returns a release candidate by its tag: it has no signed tarball.
func (k kernelOrg) candidate(ctx context.Context, v release.Version) (source.Ref, error) {
	ref, err := k.tagged(v).resolve(ctx, release.Exactly(v))
	ref.Kind = source.KernelOrg
	return ref, err
}

// tagged returns the provider of a release's tag, which must be signed.
func (k kernelOrg) tagged(v release.Version) git {
	return git{fetcher: k.fetcher, url: k.fetcher.Upstream.Config.Git, ref: "refs/tags/" + v.Tag(), strict: true}
}

// newest returns the newest release that want admits.
func (k kernelOrg) newest(ctx context.Context, want release.Constraint) (release.Version, error) {
	feed, list, err := k.fetcher.Upstream.Feed(ctx, listAge)
	if err != nil {
		return release.Version{}, err
	}
	k.logStale("kernel.org's list of releases", list)
	current := feed.Versions()
	if m := want.Moniker(); m != "" {
		dates, _, err := k.fetcher.Upstream.Dates(ctx, listAge)
		if err != nil {
			k.fetcher.Console.LogOnce("cannot fetch the ends of life (%v); using kernel.org's own list of longterm releases", err)
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

// logStale logs that a list is not up to date because its host cannot be reached.
func (k kernelOrg) logStale(what string, d upstream.Document) {
	if d.FetchError != nil {
		k.fetcher.Console.LogOnce("%v; using %s of %s ago", d.FetchError, what, report.Duration(k.fetcher.Upstream.Now().Sub(d.Fetched)))
	}
}

// older finds a release that is no longer current, newest major version first. A candidate
// or release that want names exactly needs no list.
func (k kernelOrg) older(ctx context.Context, want release.Constraint, current []release.Version) (release.Version, error) {
	if v, ok := want.Exact(); ok && v.IsCandidate() {
		return v, nil
	}
	newest := 6
	for _, v := range current {
		newest = max(newest, v.Major())
	}
	for major := newest; major >= 4; major-- {
		sums, err := k.fetcher.Upstream.Checksums(ctx, major, listAge)
		if err != nil {
			return release.Version{}, err
		}
		k.logStale("the checksums", sums.Document())
		if v, ok := want.Newest(sums.Versions()); ok {
			return v, nil
		}
	}
	if v, ok := want.Exact(); ok {
		return v, nil // its checksum may not be published yet
	}
	return release.Version{}, fault.New(fault.Usage, "change the version in kernels.toml", "kernel.org has no such release")
}

// unpack downloads the tarball and unpacks it while its signature is verified.
func (k kernelOrg) unpack(ctx context.Context, ctr *engine.Container, t *source.Tree) (source.Signature, error) {
	if t.Commit != "" {
		return k.tagged(t.Version).unpack(ctx, ctr, t)
	}
	s, err := k.obtain(ctx, t.Ref)
	if err != nil {
		return source.Signature{}, err
	}
	by, modified, err := k.unpackSigned(ctx, ctr, s)
	t.Time = modified
	if err != nil {
		k.fetcher.Upstream.ForgetSignature(t.Version) // a good one may be published by now
		return source.Signature{}, err
	}
	return source.Signature{Status: string(trust.Verified), Signer: by.String()}, nil
}

// signed is a tarball on this machine whose sha256 is right, with what verifying the tar in
// it needs.
type signed struct {
	tarball   string // its path
	format    decompress.Format
	top       string // the folder in it that has all files
	signature []byte
	ring      trust.Keyring
}

// obtain downloads what is needed, the small files first: without them the tarball would be
// downloaded in vain.
func (k kernelOrg) obtain(ctx context.Context, ref source.Ref) (s signed, err error) {
	s.top = "linux-" + ref.Version.String()
	if s.ring, err = k.fetcher.Upstream.ReleaseKeys(ctx); err != nil {
		return s, err
	}
	if s.signature, err = k.fetcher.Upstream.Signature(ctx, ref.Version); err != nil {
		return s, err
	}
	if s.tarball, err = k.fetcher.Upstream.Download(ctx, ref.Version, ref.URL, ref.SHA256); err != nil {
		return s, err
	}
	s.format, err = decompress.OfFile(s.tarball)
	return s, fault.Wrap(fault.Environment, err)
}

// archive returns the tarball as it is unpacked.
func (s signed) archive() archive {
	return archive{name: s.top, format: s.format, prefix: s.top + "/"}
}
