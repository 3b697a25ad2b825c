package fetch

import (
	"context"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/upstream"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// provider serves one kind of source.
type provider interface {
	// resolve finds the newest source that want admits.
	resolve(ctx context.Context, want release.Constraint) (source.Ref, error)
	// unpack puts t into the folder tree of the container and returns who signed it. It
	// sets t's time only where it also gives all files the settled time.
	unpack(ctx context.Context, ctr *engine.Container, t *source.Tree) (source.Signature, error)
}

// providerOf returns the provider for a source as kernels.toml spells it: a name, a git
// URL, a folder or a tarball.
func (f Fetcher) providerOf(from string) (provider, error) {
	if address, ok := strings.CutPrefix(from, "git+"); ok {
		return newGit(f, address)
	}
	switch from {
	case source.KernelOrg:
		return kernelOrg{f}, nil
	case source.Debian:
		return debian{f}, nil
	}
	return newLocal(f, from)
}

// logStale logs that a list is not up to date because its host cannot be reached.
func (f Fetcher) logStale(what string, d upstream.Document) {
	if d.FetchError != nil {
		f.Console.LogOnce("%v; going on with %s of %s ago", d.FetchError, what, report.Duration(f.Upstream.Now().Sub(d.Fetched)))
	}
}
