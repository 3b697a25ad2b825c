package toolkit

import (
	"context"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/track"
	"github.com/romanatrashyonok/kiln/internal/kernel/upstream"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// Track prints which releases are new for the chosen kernels, and which series are at their
// end of life. What cannot be fetched is taken from the cache, with a warning that has its
// age. It needs no engine. KernelTracking.Err is an error where something is to be done.
func (k *Kernels) Track(ctx context.Context, c Choice) (KernelTracking, error) {
	specs, err := k.specs(c)
	if err != nil {
		return KernelTracking{}, err
	}
	b, err := k.newBuilder(nil)
	if err != nil {
		return KernelTracking{}, err
	}
	tracking, err := b.tracker.Track(ctx, specs)
	if err != nil {
		return tracking, err
	}
	if err := k.p.console.Result(tracking, tracking.String()); err != nil {
		return tracking, err
	}
	for _, source := range tracking.Sources {
		if text := source.Warning(b.Upstream.Now()); text != "" {
			k.p.console.Logf("%s", text)
		}
	}
	if !tracking.Known() {
		return tracking, fault.New(fault.Environment, "make kernel.org reachable once; its data is then cached and shown with its age",
			"track kernels: kernel.org cannot be reached, and no data from it is cached")
	}
	return tracking, nil
}

// Update moves kernel/kernels.lock.json to the newest releases that the chosen kernels ask for,
// and prints what changed. An older release than the lock has is an error, unless downgrade.
// It needs an engine only for mainline and release candidates, whose signed tag is read in a
// container.
func (k *Kernels) Update(ctx context.Context, c Choice, downgrade bool) ([]KernelUpdate, error) {
	specs, err := k.specs(c)
	if err != nil {
		return nil, err
	}
	newBuilder := func() (*kernelTools, error) { return k.newBuilder(nil) }
	if track.NeedsEngine(specs) {
		newBuilder = func() (*kernelTools, error) { return k.builder(ctx) }
	}
	b, err := newBuilder()
	if err != nil {
		return nil, err
	}
	updates, err := b.tracker.Update(ctx, specs, k.dir(), downgrade)
	if upstream.IsUnreachable(err) {
		return updates, fault.New(fault.Environment, "make it reachable, or name a mirror in [upstream] of "+k.p.path(KernelFile), "%w", err)
	}
	if err != nil {
		return updates, err
	}
	for _, u := range updates {
		if err := k.p.console.Result(u, u.String()); err != nil {
			return updates, err
		}
	}
	return updates, nil
}

// UpdateToolchains pins the packages of the toolchains of the chosen kernels in
// kernel/kernels.lock.json, and prints what changed. A pinned toolchain moves to what the package
// archive has now only if newest. With a repository, publish, the images are pushed there, and
// their digests are pinned: others pull them instead of building them.
func (k *Kernels) UpdateToolchains(ctx context.Context, c Choice, newest bool, publish string) ([]KernelToolchain, error) {
	specs, err := k.specs(c)
	if err != nil {
		return nil, err
	}
	b, err := k.builder(ctx)
	if err != nil {
		return nil, err
	}
	updates, err := b.tracker.UpdateToolchains(ctx, b.Images, specs, k.dir(), newest, publish)
	if err != nil {
		return updates, err
	}
	for _, u := range updates {
		if err := k.p.console.Result(u, u.String()); err != nil {
			return updates, err
		}
	}
	return updates, nil
}

// Matrix prints the jobs into which CI can split the chosen kernels, as one line of JSON: the
// matrix of GitHub's workflow syntax. It needs no engine.
func (k *Kernels) Matrix(c Choice) (KernelMatrix, error) {
	specs, err := k.specs(c)
	if err != nil {
		return KernelMatrix{}, err
	}
	b, err := k.newBuilder(nil)
	if err != nil {
		return KernelMatrix{}, err
	}
	matrix := b.tracker.Matrix(specs)
	text, err := report.Line(matrix)
	if err != nil {
		return matrix, err
	}
	return matrix, k.p.console.Result(matrix, text)
}
