package builder

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/executor"
	"github.com/romanatrashyonok/kiln/internal/kernel/fetch"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/planner"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/kernel/toolchain"
	"github.com/romanatrashyonok/kiln/internal/kernel/track"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	"github.com/romanatrashyonok/kiln/internal/kernel/upstream"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// candidate is a kernel with one of its sources, and the plan that they make.
type candidate struct {
	spec spec.Spec
	from string // the source, as kernels.toml spells it
	ref  source.Ref
	plan plan.Plan
	// image is the plan's toolchain in the engine.
	image executor.Image
	// apart is that the plan is from a file, and not the one that Kiln makes of what it asks.
	apart bool
}

// resolver resolves kernels to candidates, and fetches their sources.
type resolver struct {
	Console  *report.Console
	Upstream *upstream.Client
	Sources  *fetch.Fetcher
	Images   *toolchain.Images
	Lock     track.Lock
}

// task returns a task that runs the candidate's plan.
func (c candidate) task() executor.Task {
	t := executor.Task{Plan: c.plan, Image: c.image, Apart: c.apart}
	if c.apart {
		t.Suffix = "-apart"
	}
	return t
}

// Plan resolves a spec and returns its plan, with the first source that has the asked
// version.
func (r *resolver) Plan(ctx context.Context, s spec.Spec) (plan.Plan, error) {
	c, err := firstSource(ctx, r, s, r.resolve, func(c candidate) (candidate, error) { return c, nil })
	return c.plan, err
}

// Fetch fetches and verifies the source of a kernel into its volume, unless it is there.
func (r *resolver) Fetch(ctx context.Context, s spec.Spec) (source.Tree, error) {
	return firstSource(ctx, r, s, r.resolve, func(c candidate) (source.Tree, error) { return r.fetch(ctx, c) })
}

// fetch fetches and verifies the source of a candidate.
func (r *resolver) fetch(ctx context.Context, c candidate) (source.Tree, error) {
	tree, err := r.Sources.For(c.spec.Name).Fetch(ctx, c.from, c.ref, c.spec.Patches, c.spec.Files...)
	return tree, classify(located(c.spec, c.from, err))
}

// located adds to an error that the user of a source can fix where kernels.toml has the source.
func located(s spec.Spec, from string, err error) error {
	if place := s.SourceAt(from); place != "" && fault.Code(err) == int(fault.Usage) {
		return fmt.Errorf("%s: %w", place, err)
	}
	return err
}

// resolveFunc makes a candidate of a spec and one of its sources.
type resolveFunc func(ctx context.Context, s spec.Spec, from string) (candidate, error)

// firstSource tries the sources of a spec in order: it resolves each to a candidate and
// passes that to use, whose value it returns. It tries the next source only if one is not
// reachable or does not have the asked version (a *sourceError); any other error ends it.
func firstSource[T any](ctx context.Context, r *resolver, s spec.Spec, resolve resolveFunc, use func(candidate) (T, error)) (T, error) {
	var none T
	if _, err := s.Asked(); err != nil {
		return none, err
	}
	for _, w := range s.Warnings {
		r.Console.LogOnce("warning: kernel %s: %s", s, w)
	}
	var errs []error
	for _, from := range s.Sources {
		c, err := resolve(ctx, s, from)
		var value T
		if err == nil {
			value, err = use(c)
		}
		var skip *sourceError
		if err == nil || ctx.Err() != nil || !errors.As(err, &skip) {
			return value, err
		}
		errs = append(errs, located(s, from, fmt.Errorf("kernel %s: %w", s, err)))
		if len(errs) < len(s.Sources) {
			why, _, _ := strings.Cut(err.Error(), "\n") // without its fix: that is not needed yet
			r.Console.Logf("kernel %s: %s; trying the next source", s, why)
		}
	}
	return none, errors.Join(errs...)
}

// resolve resolves a spec with one source.
func (r *resolver) resolve(ctx context.Context, s spec.Spec, from string) (candidate, error) {
	ref, err := r.resolveSource(ctx, s, from)
	if err != nil {
		return candidate{}, err
	}
	r.warnOfEndOfLife(ctx, ref.Version)
	tools, err := r.Images.Toolchain(ctx, s.Compiler)
	return candidate{spec: s, from: from, ref: ref, plan: planner.New(s, ref, tools.Toolchain), image: executor.Image{ID: tools.ID, Base: tools.From}}, err
}

// resolveToBuild is resolve for a build: it fetches the source while the toolchain's image
// is built. Without that image the plan cannot have a result yet, so that the source will
// be needed. An error in fetching is ignored here: it recurs when the source is used.
func (r *resolver) resolveToBuild(ctx context.Context, s spec.Spec, from string) (candidate, error) {
	if r.Images.HasToolchain(ctx, s.Compiler) {
		return r.resolve(ctx, s, from)
	}
	ref, err := r.resolveSource(ctx, s, from)
	if err != nil {
		return candidate{}, err
	}
	var prefetch sync.WaitGroup
	defer prefetch.Wait()
	prefetch.Go(func() { r.Sources.For(s.Name).Fetch(ctx, from, ref, s.Patches, s.Files...) })
	return r.resolve(ctx, s, from)
}

// sourceError is an error of one source that the next source may not have.
type sourceError struct{ error }

// Unwrap returns the cause.
func (e *sourceError) Unwrap() error { return e.error }

// classify wraps an environment problem of a source in a *sourceError. A source that was
// altered, or signed by an untrusted key, must not be skipped.
func classify(err error) error {
	if err != nil && fault.Code(err) == int(fault.Environment) {
		return &sourceError{err}
	}
	return err
}

// resolveSource resolves one source of a kernel to a reference: the version that the lock
// pins, else the newest that satisfies the constraint.
func (r *resolver) resolveSource(ctx context.Context, s spec.Spec, from string) (source.Ref, error) {
	if from == source.KernelOrg {
		if locked, ok := r.Lock.Find(s.Name); ok && locked.Satisfies(s.Constraint) {
			return locked.Ref(), nil
		} else if ok {
			r.Console.LogOnce("kernel %s: %s has %s, which no longer satisfies %q; go tool mage kernel:update updates it", s.Name, track.LockFile, locked.Version, s.Constraint)
		}
	}
	ref, err := r.Sources.Resolve(ctx, from, s.Constraint)
	if trust.StateOf(err) != "" || err == nil {
		return ref, classify(err)
	}
	return ref, &sourceError{err} // it does not have the version, or is not reachable
}

// warnOfEndOfLife warns if the series is at or near its end of life, where that is known.
func (r *resolver) warnOfEndOfLife(ctx context.Context, v release.Version) {
	ctx, cancel := context.WithTimeout(ctx, eolTimeout)
	defer cancel()
	dates, _, err := r.Upstream.Dates(ctx, eolMaxAge)
	if err != nil {
		return // kernel:track reports it; a build does not need it
	}
	if text := dates.Warn(v, r.Upstream.Now()); text != "" {
		r.Console.LogOnce("warning: %s", text)
	}
}

// A build downloads the end-of-life dates at most once in eolMaxAge, and waits for them at
// most eolTimeout.
const (
	eolMaxAge  = 24 * time.Hour
	eolTimeout = 2 * time.Second
)
