package kernel

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/upstream"
)

// Published is all that is known of a kernel that lies in dist/.
type Published struct {
	Record
	Status *release.Status // nil where nothing is known of kernel.org's releases
}

// Published gives the kernels in dist/, in the order of their folders' names. Nothing is
// fetched: how they stand is judged by what an earlier run was told. A folder that
// holds no whole kernel is an error that names it.
func (w *Builder) Published(ctx context.Context) ([]Published, error) {
	manifests, err := filepath.Glob(filepath.Join(w.Dist, "kernels", "*", manifestFile))
	if err != nil {
		return nil, fault.Wrap(fault.Environment, err)
	}
	know, err := w.known(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]Published, len(manifests))
	for i, file := range manifests {
		if list[i].Record, err = readRecord(filepath.Dir(file)); err != nil {
			return nil, err
		}
		if v := list[i].Manifest.Source.Version; know != nil {
			standing := know.Evaluate(list[i].Manifest.Name, release.Exactly(v), v, release.Version{})
			list[i].Status = &standing
		}
	}
	return list, nil
}

// known gives what earlier runs were told of kernel.org's releases, nil if nothing.
func (w *Builder) known(ctx context.Context) (*release.Data, error) {
	know := release.Data{Now: w.Upstream.Now()}
	var err error
	if know.Feed, _, err = w.Upstream.Feed(ctx, upstream.Offline); err == nil {
		know.Dates, _, err = w.Upstream.Dates(ctx, upstream.Offline)
	}
	switch {
	case len(know.Feed.Releases) > 0 && (err == nil || errors.Is(err, upstream.ErrNotCached)):
		return &know, nil
	case errors.Is(err, upstream.ErrNotCached):
		return nil, nil
	}
	return nil, err
}
