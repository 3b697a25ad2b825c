package builder

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/executor"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/kernel/track"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
)

// candidate is a kernel with one of its sources: everything that decides the result.
type candidate struct {
	spec spec.Spec
	from string // the source, as kernels.toml spells it
	plan plan.Plan
}

// task returns the candidate's plan as a task.
func (c candidate) task() executor.Task { return executor.Task{Plan: c.plan, Spec: c.spec} }

// Plan resolves what the spec leaves open and returns the plan of the first source that
// has what is asked.
func (b *Builder) Plan(ctx context.Context, s spec.Spec) (plan.Plan, error) {
	c, err := firstSource(ctx, b, s, b.resolve, func(c candidate) (candidate, error) { return c, nil })
	return c.plan, err
}

// Fetch brings the source of a kernel into its volume, and does nothing else.
func (b *Builder) Fetch(ctx context.Context, s spec.Spec) (source.Tree, error) {
	return firstSource(ctx, b, s, b.resolve, func(c candidate) (source.Tree, error) { return b.fetch(ctx, c) })
}

func (b *Builder) fetch(ctx context.Context, c candidate) (source.Tree, error) {
	tree, err := b.Sources.Fetch(ctx, c.from, c.plan.Source, c.spec.Patches)
	return tree, classify(err)
}

// resolveFunc makes a candidate of a spec and one of its sources.
type resolveFunc func(ctx context.Context, s spec.Spec, from string) (candidate, error)

// firstSource tries the sources of a spec in order, with a candidate made for each, until
// one is found and use accepts it. Only an environment problem, or a source that has no
// such version, leads on to the next.
func firstSource[T any](ctx context.Context, b *Builder, s spec.Spec, resolve resolveFunc, use func(candidate) (T, error)) (T, error) {
	var none T
	if _, err := s.Asked(); err != nil {
		return none, err
	}
	var faults []error
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
		faults = append(faults, err)
		if len(faults) < len(s.Sources) {
			b.Console.Logf("kernel %s: %v; trying the next source", s, err)
		}
	}
	return none, fmt.Errorf("kernel %s: %w", s, errors.Join(faults...))
}

// resolve makes the candidate of one source.
func (b *Builder) resolve(ctx context.Context, s spec.Spec, from string) (candidate, error) {
	ref, err := b.resolveSource(ctx, s, from)
	if err != nil {
		return candidate{}, err
	}
	b.warnOfEndOfLife(ctx, ref.Version)
	tools, err := b.Images.Toolchain(ctx, s.Compiler)
	return candidate{spec: s, from: from, plan: plan.New(s, ref, tools)}, err
}

// resolveToBuild is resolve for a build: while the toolchain's image is built, the source
// is fetched. Without that image there can be no result of the plan yet. What fails in
// fetching fails again where the source is needed.
func (b *Builder) resolveToBuild(ctx context.Context, s spec.Spec, from string) (candidate, error) {
	if b.Images.HasToolchain(ctx, s.Compiler) {
		return b.resolve(ctx, s, from)
	}
	ref, err := b.resolveSource(ctx, s, from)
	if err != nil {
		return candidate{}, err
	}
	var ahead sync.WaitGroup
	defer ahead.Wait()
	ahead.Go(func() { b.Sources.Fetch(ctx, from, ref, s.Patches) })
	return b.resolve(ctx, s, from)
}

// sourceError is a failure of one source that the next one may not have.
type sourceError struct{ error }

// Unwrap returns the cause.
func (e *sourceError) Unwrap() error { return e.error }

// classify makes an environment problem of a source a *sourceError. A source that was
// altered, or signed by somebody else, must not be stepped over.
func classify(err error) error {
	if err != nil && fault.Code(err) == int(fault.Environment) {
		return &sourceError{err}
	}
	return err
}

// resolveSource finds the source of a kernel: what the lock pins, else the newest.
func (b *Builder) resolveSource(ctx context.Context, s spec.Spec, from string) (source.Ref, error) {
	if from == source.KernelOrg {
		if locked, ok := b.Lock.Find(s.Name); ok && locked.Satisfies(s.Constraint) {
			return locked.Ref(), nil
		} else if ok {
			b.Console.LogOnce("kernel %s: %s has %s, which no longer satisfies %q: go tool mage kernel:update moves it", s.Name, track.LockFile, locked.Version, s.Constraint)
		}
	}
	ref, err := b.Sources.Resolve(ctx, from, s.Constraint)
	if trust.StateOf(err) != "" || err == nil {
		return ref, classify(err)
	}
	return ref, &sourceError{err} // it has no such version, or cannot be reached
}

// warnOfEndOfLife warns of a series that is at its end of life or near it, if that is known.
func (b *Builder) warnOfEndOfLife(ctx context.Context, v release.Version) {
	ctx, cancel := context.WithTimeout(ctx, endTimeout)
	defer cancel()
	dates, _, err := b.Upstream.Dates(ctx, endAge)
	if err != nil {
		return // kernel:track reports it; a build does not need it
	}
	if text := dates.Warn(v, b.Upstream.Now()); text != "" {
		b.Console.LogOnce("warning: %s", text)
	}
}

// A build asks for the ends of life at most once a day, and does not wait long.
const (
	endAge     = 24 * time.Hour
	endTimeout = 2 * time.Second
)
