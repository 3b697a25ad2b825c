package builder

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/executor"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/planner"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// Build builds a kernel, or takes the stored result of the same plan. The result's Seconds
// are the whole call's. A failed step is an *executor.Failure.
func (b *Builder) Build(ctx context.Context, s spec.Spec) (result.Result, error) {
	return b.build(ctx, s, b.Local)
}

// BuildAll builds kernels in parallel, within one budget of jobs, and calls each, one call
// at a time, with every result as soon as it is built. A kernel that fails does not stop
// the others; the errors are joined in the order of specs.
func (b *Builder) BuildAll(ctx context.Context, specs []spec.Spec, each func(result.Result) error) error {
	var next Executor = b.Local
	if len(specs) > 1 {
		shared := &limited{next: b.Local, local: b.Local}
		defer shared.close()
		next = shared
	}
	errs := make([]error, len(specs))
	var running sync.WaitGroup
	var calling sync.Mutex
	for i, s := range specs {
		running.Go(func() {
			r, err := b.build(ctx, s, next)
			if err == nil {
				calling.Lock()
				defer calling.Unlock()
				err = each(r)
			}
			errs[i] = err
		})
	}
	running.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return errors.Join(errs...)
}

// build builds a kernel with an executor, from the first of its sources that is available.
func (b *Builder) build(ctx context.Context, s spec.Spec, e Executor) (result.Result, error) {
	start := time.Now()
	r, err := firstSource(ctx, &b.resolver, s, b.resolveToBuild, func(c candidate) (result.Result, error) {
		return b.buildCandidate(ctx, c, e)
	})
	r.Seconds = time.Since(start).Seconds()
	return r, err
}

// buildCandidate takes the stored result of a candidate's plan, else fetches the source and
// runs the plan.
func (b *Builder) buildCandidate(ctx context.Context, c candidate, e Executor) (result.Result, error) {
	var chain Executor = exclusive{e, b.Results, b.acquire}
	chain = prepared{chain, b, c}
	chain = cached{chain, b.Results}
	return chain.Run(ctx, c.task(), b.Console)
}

// Built returns the engine's current result for a kernel, and logs if its plan has changed
// since. It returns result.ErrNotBuilt where there is none.
func (b *Builder) Built(ctx context.Context, s spec.Spec) (result.Result, error) {
	p, err := b.Plan(ctx, s)
	if err != nil {
		return result.Result{}, err
	}
	r, err := b.Results.Current(ctx, p)
	if err == nil && r.Plan != p.Hash() {
		b.Console.Logf("kernel %s: the plan has changed since it was built: rebuild it with go tool mage kernel", p.Folder())
	}
	return r, err
}

// acquire reserves the output volume of a task, and reports whether it had to wait for
// another run.
func (b *Builder) acquire(ctx context.Context, t executor.Task) (release func(), waited bool, err error) {
	release, err = b.Engine.Acquire(ctx, t.Image.ID, t.OutputVolume(), func(lock string) {
		waited = true
		b.Console.Logf("kernel %s: another run builds it: waiting (if there is none: docker rm %s)", t.Plan.Folder(), lock)
	})
	return release, waited, err
}

// Changes returns what differs between a plan and that of the kernel's newest result, "" where
// nothing does or nothing was built yet.
func (b *Builder) Changes(ctx context.Context, p plan.Plan) string {
	last, why := b.last(ctx, p)
	if last.Plan.Name == "" || last.Plan.Hash() == p.Hash() {
		return ""
	}
	return why
}

// last returns the kernel's newest result, and why a kernel is built again: what differs from the
// plan of that.
func (b *Builder) last(ctx context.Context, p plan.Plan) (last result.Last, why string) {
	last, err := b.Results.Last(ctx, p.Name, p.Arch)
	if errors.Is(err, engine.ErrNoImage) {
		return last, "not built yet"
	}
	if err != nil {
		return last, "the plan of the last result is unreadable (" + err.Error() + ")"
	}
	return last, planner.Reason(last.Plan, p)
}
