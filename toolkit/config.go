package toolkit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/settings"
)

// Value is a value of the configuration with its key and its origin: a file with a line, a
// variable, or "default".
type Value = settings.Row

// Pruned counts what Prune removed.
type Pruned = engine.Pruned

// Config prints every effective value of the configuration, with its origin.
func (p *Project) Config() ([]Value, error) {
	values := slices.Concat(p.site.Rows(), p.kernels.Rows())
	for _, v := range values {
		if err := p.console.Result(v, fmt.Sprintf("%-28s %-60s %s", v.Key, v.Value, v.Origin)); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// Clean removes dist/.
func (p *Project) Clean() error {
	dist := p.path(Dist)
	if err := os.RemoveAll(dist); err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	p.console.Logf("removed %s/", dist)
	return nil
}

// Prune removes all that Kiln made in the engine, of every project: containers, volumes and
// images.
func (p *Project) Prune(ctx context.Context) (Pruned, error) {
	e, err := p.connect(ctx)
	if err != nil {
		return Pruned{}, err
	}
	defer e.Close()
	done, err := e.Prune(ctx)
	return done, errors.Join(err, p.console.Result(done,
		fmt.Sprintf("removed %d containers, %d volumes, %d images", done.Containers, done.Volumes, done.Images)))
}
