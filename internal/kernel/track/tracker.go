package track

import (
	"context"
	"errors"

	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	"github.com/romanatrashyonok/kiln/internal/kernel/upstream"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// Releases finds releases at kernel.org.
type Releases interface {
	// Newest returns the newest release that satisfies a constraint.
	Newest(context.Context, release.Constraint) (release.Version, error)
	// Pin returns the source of the newest release that satisfies a constraint, with a hash
	// from a verified list or a verified tag, and the signer of that.
	Pin(context.Context, release.Constraint) (source.Ref, trust.Signer, error)
}

// Tracker follows the versions of kernels. It needs no engine, except where Releases has
// to verify the tag of a release candidate.
type Tracker struct {
	Upstream *upstream.Client
	Releases Releases
	Console  *report.Console
	Lock     Lock
}

// Known returns what is cached of kernel.org's releases, without a request, or nil where
// nothing is cached.
func (tr *Tracker) Known(ctx context.Context) (*release.Data, error) {
	data := release.Data{Now: tr.Upstream.Now()}
	var err error
	if data.Feed, _, err = tr.Upstream.Feed(ctx, upstream.Offline); err == nil {
		data.Dates, _, err = tr.Upstream.Dates(ctx, upstream.Offline)
	}
	switch {
	case len(data.Feed.Releases) > 0 && (err == nil || errors.Is(err, upstream.ErrNotCached)):
		return &data, nil
	case errors.Is(err, upstream.ErrNotCached):
		return nil, nil
	}
	return nil, err
}
