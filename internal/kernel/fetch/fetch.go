// Package fetch brings the source of a kernel into a volume of the engine: it finds,
// downloads, verifies and unpacks the source once; from then on the volume is only read.
//
//	ref, err := fetcher.Resolve(ctx, "debian", constraint)        // which source, without downloading it
//	tree, err := fetcher.Fetch(ctx, "debian", ref, patches)       // unpacked at the root of a volume
//
// A complete volume is sealed; one that an interrupted run left is filled from scratch.
package fetch

import (
	"context"
	"fmt"

	"golang.org/x/sync/singleflight"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/upstream"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// Fetcher fetches sources of every kind.
type Fetcher struct {
	Volumes
	Cache    string // folder on this machine for lists
	Dir      string // folder that relative paths of kernels.toml start from
	Upstream *upstream.Client
	Limit    int64               // bytes that the sources in the engine may take; 0 for no limit
	Flight   *singleflight.Group // several kernels may need one tree at once: it is made once
	Kernel   string              // whose patches are applied, or ""; see For
}

// Volumes are the volumes of an engine that hold sources, and the containers that fill them.
type Volumes struct {
	Engine  *engine.Client
	Image   func(context.Context) (string, error) // returns the image with git, igzip, xz, patch and apt
	Console *report.Console
}

// For returns the fetcher for a kernel of kernels.toml: of its source with patches or files,
// only the last states are kept.
func (f Fetcher) For(kernel string) Fetcher {
	f.Kernel = kernel
	return f
}

// Resolve finds the newest source that the constraint admits, without downloading it
// where that is possible. from is spelled as in kernels.toml; see source.Check.
func (f Fetcher) Resolve(ctx context.Context, from string, want release.Constraint) (source.Ref, error) {
	p, err := f.providerOf(from)
	if err != nil {
		return source.Ref{}, err
	}
	ref, err := p.resolve(ctx, want)
	if err != nil {
		return source.Ref{}, fmt.Errorf("find kernel %s at %s: %w", want, from, err)
	}
	return ref, nil
}

// Fetch returns the tree of ref with the patches applied and the files laid in it. It
// fetches, verifies and unpacks the source unless that was done before. A tree with patches
// or files is based on the one without. Then it removes the least recently used sources as
// long as all take more than the limit.
func (f Fetcher) Fetch(ctx context.Context, from string, ref source.Ref, patches []source.Patch, files ...source.File) (source.Tree, error) {
	volume := source.Volume(ref, patches, files...)
	t, err, _ := f.Flight.Do(volume, func() (any, error) {
		t := source.Tree{Ref: ref, Volume: volume}
		complete, err := f.sealed(ctx, &t)
		if err == nil && !complete {
			t, err = f.make(ctx, from, t, patches, files)
		}
		if err != nil {
			return t, err
		}
		if err := f.Engine.Volumes().RecordUse(ctx, volume); err != nil || complete {
			return t, err
		}
		return t, f.makeRoom(ctx)
	})
	return t.(source.Tree), err
}

// make fills the volume of a tree, unless another run does that meanwhile.
func (f Fetcher) make(ctx context.Context, from string, t source.Tree, patches []source.Patch, files []source.File) (source.Tree, error) {
	unlock, err := f.acquire(ctx, t.Volume)
	if err != nil {
		return t, err
	}
	defer unlock()
	if complete, err := f.sealed(ctx, &t); err != nil || complete {
		return t, err
	}
	if len(patches)+len(files) > 0 {
		return f.patched(ctx, from, t, patches, files)
	}
	if err := f.unpack(ctx, from, &t); err != nil {
		return t, fmt.Errorf("fetch kernel %s: %w", t.Ref, err)
	}
	return t, nil
}

// acquire takes the mutex of a volume: only one run at a time fills it.
func (v Volumes) acquire(ctx context.Context, volume string) (unlock func(), err error) {
	image, err := v.Image(ctx)
	if err != nil {
		return nil, err
	}
	return v.Engine.Acquire(ctx, image, volume, func(lock string) {
		v.Console.Logf("another run fetches this source: waiting (if there is none: docker rm %s)", lock)
	})
}

// unpack fills a volume with the source as it was published.
func (f Fetcher) unpack(ctx context.Context, from string, t *source.Tree) error {
	p, err := f.providerOf(from)
	if err != nil {
		return err
	}
	return f.fill(ctx, t, nil, func(ctr *engine.Container) error {
		if t.Signature, err = p.unpack(ctx, ctr, t); err != nil {
			return err
		}
		if err := checkVersion(ctx, ctr, t.Ref); err != nil {
			return err
		}
		if err := f.prepare(ctx, ctr, t.Ref); err != nil {
			return err
		}
		return settle(ctx, ctr, t)
	})
}

// prepare makes a tree that nobody has released for building fit for that, or reports, as an
// error, why it is not.
func (f Fetcher) prepare(ctx context.Context, ctr *engine.Container, ref source.Ref) error {
	if ref.Kind == source.KernelOrg || ref.Kind == source.Debian {
		return nil
	}
	if err := checkCleanInside(ctx, ctr, ref.URL); err != nil {
		return err
	}
	return makeScriptsExecutable(ctx, ctr)
}
