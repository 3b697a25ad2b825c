// Package kernel builds Linux kernels in containers: from a file that says which,
// over a source that was verified, a configuration that is checked and a plan that
// says every step, to artefacts that are recorded and copied out.
//
//	kernels.toml -> Spec -> source.Ref -> Plan -> Result -> dist/kernels/...
//
// The results live in the engine as small images (kiln/kernel:NAME-VERSION-ARCH)
// that hold the artefacts in /kernel and nothing else; Extract copies them out.
package kernel

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/fetch"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	"github.com/romanatrashyonok/kiln/internal/kernel/upstream"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// Builder is where kernels are made: what every step needs.
type Builder struct {
	Engine    *engine.Client
	Console   *report.Console
	Upstream  *upstream.Client
	Sources   fetch.Fetcher
	Lock      Lock
	Dist      string // folder of this machine that artefacts are copied to
	Limits    Limits
	building  bool        // not only planned or looked at
	namespace string      // of ccache: a benchmark keeps its objects apart
	group     *buildGroup // the builds that run beside this one; nil for none
	images    *Images
}

// New puts the works together, without an engine where e is nil: enough for what is
// known of kernel.org. dir is the folder of kernels.toml and of its lock, cache a
// folder of this machine for downloads.
func New(e *engine.Client, c *report.Console, f File, dir, cache, dist string) (*Builder, error) {
	lock, err := ReadLock(filepath.Join(dir, LockFile))
	if err != nil {
		return nil, err
	}
	w := &Builder{Engine: e, Console: c, Lock: lock, Dist: dist, Limits: f.Build, images: NewImages(e, c), Upstream: upstream.New(f.Upstream, dir, cache, c)}
	w.Sources = fetch.Fetcher{Engine: e, Console: c, Image: w.images.Fetch, Cache: cache, Dir: dir, Upstream: w.Upstream, Flight: new(singleflight.Group)}
	return w, nil
}

// candidate is a kernel of which all is known that decides the result.
type candidate struct {
	spec Spec
	from string // the source of the file that has it
	plan Plan
	why  string // it is built
}

// Plan resolves what the spec leaves open and gives the plan of the first source
// that has what is asked.
func (w *Builder) Plan(ctx context.Context, s Spec) (Plan, error) {
	r, err := firstSource(ctx, w, s, func(r candidate) (candidate, error) { return r, nil })
	return r.plan, err
}

// Fetch brings the source of a kernel into its volume, nothing else.
func (w *Builder) Fetch(ctx context.Context, s Spec) (source.Tree, error) {
	return firstSource(ctx, w, s, func(r candidate) (source.Tree, error) { return w.fetch(ctx, r) })
}

func (w *Builder) fetch(ctx context.Context, r candidate) (source.Tree, error) {
	tree, err := w.Sources.Fetch(ctx, r.from, r.plan.Source, r.spec.Patches)
	return tree, sourceFaultOf(err)
}

// firstSource tries the sources of a spec in order, with a plan made for each,
// until one is found and use is content with it. Only a fault of the surroundings
// or a source that has no such version leads on to the next.
func firstSource[T any](ctx context.Context, w *Builder, s Spec, use func(candidate) (T, error)) (T, error) {
	var none T
	var faults []error
	for _, from := range s.Sources {
		result, err := attempt(ctx, w, s, from, use)
		if err == nil || ctx.Err() != nil || !isSourceFault(err) {
			return result, err
		}
		faults = append(faults, err)
		if len(faults) < len(s.Sources) {
			w.Console.Logf("kernel %s: %v; going on to the next source", s, err)
		}
	}
	return none, fmt.Errorf("kernel %s: %w", s, errors.Join(faults...))
}

func attempt[T any](ctx context.Context, w *Builder, s Spec, from string, use func(candidate) (T, error)) (T, error) {
	var none T
	if _, err := s.Asked(); err != nil {
		return none, err
	}
	ref, err := w.resolve(ctx, s, from)
	if err != nil {
		return none, err
	}
	w.warnOfEnd(ctx, ref.Version)
	tools, err := w.tools(ctx, s, from, ref)
	if err != nil {
		return none, err
	}
	return use(candidate{spec: s, from: from, plan: newPlan(s, ref, tools)})
}

// tools gives the toolchain. For a build, the source is fetched while that is being
// made: without it there can be no result of the plan yet. What fails in fetching
// fails again where the source is needed.
func (w *Builder) tools(ctx context.Context, s Spec, from string, ref source.Ref) (Toolchain, error) {
	if !w.building || w.images.HasToolchain(ctx, s.Compiler) {
		return w.images.Toolchain(ctx, s.Compiler)
	}
	var ahead sync.WaitGroup
	defer ahead.Wait()
	ahead.Go(func() { w.Sources.Fetch(ctx, from, ref, s.Patches) })
	return w.images.Toolchain(ctx, s.Compiler)
}

// sourceFault is a failure of one source that the next one may not have.
type sourceFault struct{ error }

// Unwrap gives the cause.
func (f *sourceFault) Unwrap() error { return f.error }

func isSourceFault(err error) bool {
	var f *sourceFault
	return errors.As(err, &f)
}

// sourceFaultOf classes the failure of a source: the surroundings' are that
// source's, which the next one may not have; what was altered, or was signed by
// somebody else, is not something to step over.
func sourceFaultOf(err error) error {
	if err != nil && fault.Code(err) == int(fault.Environment) {
		return &sourceFault{err}
	}
	return err
}

// resolve finds the source of a kernel: what the lock says, else the newest.
func (w *Builder) resolve(ctx context.Context, s Spec, from string) (source.Ref, error) {
	if from == source.KernelOrg {
		if locked, ok := w.Lock.Find(s.Name); ok && locked.Satisfies(s.Constraint) {
			return locked.Ref(), nil
		} else if ok {
			w.Console.LogOnce("kernel %s: %s has %s, which is not what is asked now (%s); go tool mage kernel:update moves it", s.Name, LockFile, locked.Version, s.Constraint)
		}
	}
	ref, err := w.Sources.Resolve(ctx, from, s.Constraint)
	if trust.StateOf(err) != "" || err == nil {
		return ref, sourceFaultOf(err)
	}
	return ref, &sourceFault{err} // it has no such version, or is not there
}

// warnOfEnd warns of a series that is at its end or near it, if that is known.
func (w *Builder) warnOfEnd(ctx context.Context, v release.Version) {
	ctx, cancel := context.WithTimeout(ctx, endTimeout)
	defer cancel()
	dates, _, err := w.Upstream.Dates(ctx, endAge)
	if err != nil {
		return // track tells of it; a build does not need it
	}
	if text := dates.Warn(v, w.Upstream.Now()); text != "" {
		w.Console.LogOnce("warning: %s", text)
	}
}

// A build asks for the ends of life at most once a day, and does not wait long.
const (
	endAge     = 24 * time.Hour
	endTimeout = 2 * time.Second
)
