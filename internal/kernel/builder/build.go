package builder

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// Build builds a kernel, unless the store has the result of the same plan.
func (b *Builder) Build(ctx context.Context, s spec.Spec) (result.Result, error) {
	return b.build(ctx, s, b.Local)
}

// BuildAll builds kernels side by side, within one budget of jobs, and hands on each
// result as it comes. A kernel that fails does not keep the others from being built;
// the errors come together, in the order of the kernels.
func (b *Builder) BuildAll(ctx context.Context, specs []spec.Spec, each func(result.Result) error) error {
	var executor Executor = b.Local
	if len(specs) > 1 {
		limited := &limited{next: b.Local, engine: b.Engine, jobs: b.Local.Jobs}
		defer limited.close()
		executor = limited
	}
	faults := make([]error, len(specs))
	var running sync.WaitGroup
	var handing sync.Mutex
	for i, s := range specs {
		running.Go(func() {
			r, err := b.build(ctx, s, executor)
			if err == nil {
				handing.Lock()
				defer handing.Unlock()
				err = each(r)
			}
			faults[i] = err
		})
	}
	running.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return errors.Join(faults...)
}

// build builds a kernel with an executor, from the first of its sources that can be had.
func (b *Builder) build(ctx context.Context, s spec.Spec, e Executor) (result.Result, error) {
	start := time.Now()
	r, err := firstSource(ctx, b, s, b.resolveToBuild, func(c candidate) (result.Result, error) {
		return b.buildCandidate(ctx, c, e)
	})
	r.Seconds = time.Since(start).Seconds()
	return r, err
}

// buildCandidate runs a plan behind the store: a result that is there is taken, and the
// source is fetched only where there is none.
func (b *Builder) buildCandidate(ctx context.Context, c candidate, e Executor) (result.Result, error) {
	var chain Executor = exclusive{e, b.Results, b.acquire}
	chain = prepared{chain, b, c}
	chain = cached{chain, b.Results}
	return chain.Run(ctx, c.task(), b.Console)
}

// Built returns the result that the engine has for a kernel, of whichever plan;
// result.ErrNotBuilt is the error where there is none.
func (b *Builder) Built(ctx context.Context, s spec.Spec) (result.Result, error) {
	p, err := b.Plan(ctx, s)
	if err != nil {
		return result.Result{}, err
	}
	r, err := b.Results.Current(ctx, p)
	if err == nil && r.Plan != p.Hash() {
		b.Console.Logf("kernel %s: the plan has changed since this was built: go tool mage kernel rebuilds it", p.Folder())
	}
	return r, err
}

// acquire reserves the output of a plan for this run, and reports whether it had to wait.
func (b *Builder) acquire(ctx context.Context, p plan.Plan) (release func(), waited bool, err error) {
	release, err = b.Engine.Acquire(ctx, p.Toolchain.Image, p.Output(), func(lock string) {
		waited = true
		b.Console.Logf("kernel %s: waiting for a different run that works on it (if there is none: docker rm %s)", p.Folder(), lock)
	})
	return release, waited, err
}

// reason says why a kernel is built: what differs from the plan of its newest result.
func (b *Builder) reason(ctx context.Context, p plan.Plan) string {
	var old plan.Plan
	err := b.Results.Latest(ctx, p, plan.PlanFile, &old)
	if errors.Is(err, engine.ErrNoImage) {
		return "it has not been built yet"
	}
	if err != nil {
		return "the plan of the last result cannot be read (" + err.Error() + ")"
	}
	return p.Reason(old)
}
