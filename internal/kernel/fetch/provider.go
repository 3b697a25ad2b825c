package fetch

import (
	"context"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
)

// provider serves one kind of source.
type provider interface {
	// resolve finds the newest source that want admits.
	resolve(ctx context.Context, want release.Constraint) (source.Ref, error)
	// unpack puts t into the folder tree of the container and returns who signed it. It
	// sets t's time only where it also sets that of all files to the settled one.
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
