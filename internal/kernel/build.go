package kernel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/diagnose"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/report"
	"github.com/romanatrashyonok/kiln/internal/scratch"
)

// Result is a kernel that is built: its image in the engine.
type Result struct {
	Name    string  `json:"name"`
	Version string  `json:"version"`
	Arch    string  `json:"arch"`
	Plan    string  `json:"plan"`  // sha256
	Image   string  `json:"image"` // kiln/kernel:NAME-VERSION-ARCH
	Built   bool    `json:"built"` // false where there was such a result already
	Why     string  `json:"why"`   // why it was built, or was not
	Seconds float64 `json:"seconds"`
}

// Build builds a kernel, unless the engine has the result of the same plan.
func (w *Builder) Build(ctx context.Context, s Spec) (Result, error) {
	start := time.Now()
	eager := *w
	eager.building = true
	result, err := firstSource(ctx, &eager, s, func(r candidate) (Result, error) { return eager.build(ctx, r) })
	result.Seconds = time.Since(start).Seconds()
	return result, err
}

func (w *Builder) build(ctx context.Context, r candidate) (Result, error) {
	result := Result{
		Name: r.plan.Name, Version: r.plan.Version, Arch: r.plan.Arch,
		Plan: r.plan.Hash(), Image: resultTag(r.plan.Folder()),
	}
	why, err := w.cached(ctx, r.plan)
	if err != nil || why != "" {
		result.Why = why
		w.Console.Logf("kernel %s: %s", r.plan.Folder(), why)
		return result, err
	}
	result.Built, result.Why = true, w.reason(ctx, r.plan)
	r.why = result.Why
	w.Console.Logf("kernel %s: building: %s", r.plan.Folder(), result.Why)
	tree, err := w.fetch(ctx, r)
	if err != nil {
		return result, err
	}
	if why, err = w.execute(ctx, r, tree); why != "" {
		result.Built, result.Why = false, why
	}
	return result, err
}

// cached says why nothing need be built: the engine has the result of the same plan,
// under the kernel's name or in the store. It is "" where there is none.
func (w *Builder) cached(ctx context.Context, p Plan) (why string, err error) {
	now, err := w.Engine.FindImage(ctx, resultTag(p.Folder()))
	if err != nil && !errors.Is(err, engine.ErrNoImage) {
		return "", err
	}
	if now.Labels[labelPlan] == p.Hash() {
		return fmt.Sprintf("nothing changed: plan %.12s was built before", p.Hash()), nil
	}
	restored, err := w.restore(ctx, p)
	if err != nil || !restored {
		return "", err
	}
	return fmt.Sprintf("restored: plan %.12s was built before, and its result was kept", p.Hash()), nil
}

// String tells the result in a line.
func (r Result) String() string {
	return r.Image + ": " + r.Outcome()
}

// Outcome tells how long the build took, or why there was none.
func (r Result) Outcome() string {
	if !r.Built {
		return r.Why
	}
	return "built in " + report.Duration(time.Duration(r.Seconds*float64(time.Second)))
}

// Folder names the kernel's folder in dist/kernels.
func (r Result) Folder() string { return r.Name + "-" + r.Version + "-" + r.Arch }

// ErrNotBuilt is the error of Built for a kernel that the engine does not have.
var ErrNotBuilt = errors.New("it is not built")

// Built gives the result that the engine has for a kernel, of whichever plan.
func (w *Builder) Built(ctx context.Context, s Spec) (Result, error) {
	p, err := w.Plan(ctx, s)
	if err != nil {
		return Result{}, err
	}
	result := Result{Name: p.Name, Version: p.Version, Arch: p.Arch, Image: resultTag(p.Folder())}
	found, err := w.Engine.FindImage(ctx, result.Image)
	if errors.Is(err, engine.ErrNoImage) {
		return result, fault.New(fault.Usage, "build it: go tool mage kernel", "find kernel %s: %w", p.Folder(), ErrNotBuilt)
	}
	result.Plan = found.Labels[labelPlan]
	if err == nil && result.Plan != p.Hash() {
		w.Console.Logf("kernel %s: the plan has changed since this was built; go tool mage kernel builds it anew", p.Folder())
	}
	return result, err
}

// execute carries out a plan in a container and stores what comes out as an image. Where
// another run did so meanwhile, it says so.
func (w *Builder) execute(ctx context.Context, r candidate, tree source.Tree) (why string, err error) {
	dir, remove, err := scratch.Dir("build")
	if err != nil {
		return "", err
	}
	defer remove()
	log, err := os.Create(filepath.Join(dir, "build.log"))
	if err != nil {
		return "", fault.Wrap(fault.Environment, err)
	}
	defer log.Close()
	j, err := w.newRun(ctx, r, tree)
	if err != nil {
		return "", err
	}
	j.log, j.logPath = log, log.Name()
	defer func() {
		if err != nil && ctx.Err() == nil {
			j.reportFailure(err)
			err = j.keepLog(err)
		}
	}()
	unlock, waited, err := w.acquireOutput(ctx, r.plan)
	if err != nil {
		return "", err
	}
	defer unlock()
	if waited {
		if why, err := w.cached(ctx, r.plan); err != nil || why != "" {
			return why, err
		}
	}
	if err := j.acquireSlot(ctx); err != nil {
		return "", err
	}
	defer j.releaseSlot(ctx)
	j.started = time.Now()
	j.resume()
	if err := j.open(ctx); err != nil {
		return "", err
	}
	defer j.ctr.Remove()
	if err := j.end(ctx, j.steps(ctx)); err != nil {
		return "", err
	}
	if err := j.store(ctx); err != nil {
		return "", err
	}
	return "", errors.Join(w.storeResult(ctx, r.plan), j.removeProgress())
}

// run is a plan that is being run.
type run struct {
	builder        *Builder
	candidate      candidate
	tree           source.Tree
	ctr            *engine.Container
	log            io.Writer
	logPath        string // of the file behind it; "" where nothing is kept
	started        time.Time
	jobs           int        // for make
	server         *jobserver // where builds share their jobs
	compiler       string     // the sha256 of the programs that compile
	done           []StepRecord
	earlier        []StepRecord // of a run of the same plan that was broken off
	checked        []kconfig.Verdict
	final          map[string]string // the final configuration
	finalSum       string            // its sha256
	configured     bool              // the output tree has the final configuration from the last build
	made           []string          // what make told that it made
	compiled       int64             // how many of those in the step that compiles
	warnings       []diagnose.Finding
	incremental    bool       // it builds over the last output
	priorSources   []string   // sources of earlier builds that its objects may be from, until it has ended
	interrupted    bool       // a step was ended from outside: the output may have files that are half made
	oomKillsBefore int        // processes that had been ended for want of memory when the step began
	ended          bool       // all of it has ended, and no step from outside
	rebuild        bool       // it builds a second time, over an output that is of no use afterwards
	vary           *variation // what is another than the plan says; nil for nothing
}

// newRun makes ready to run a plan, with as many jobs as the engine's machine has room
// for. Its log goes nowhere.
func (w *Builder) newRun(ctx context.Context, r candidate, tree source.Tree) (*run, error) {
	info, err := w.Engine.Info(ctx)
	if err != nil {
		return nil, err
	}
	return &run{builder: w, candidate: r, tree: tree, log: io.Discard, jobs: w.Limits.jobs(info.CPUs, info.Memory)}, nil
}

// acquireOutput has the output of a plan for this run alone, and tells whether it had to wait.
func (w *Builder) acquireOutput(ctx context.Context, p Plan) (unlock func(), waited bool, err error) {
	unlock, err = w.Engine.Acquire(ctx, p.Toolchain.Image, p.mounted(outputDir), func(lock string) {
		waited = true
		w.Console.Logf("kernel %s: another run works on it: waiting (if there is none: docker rm %s)", p.Folder(), lock)
	})
	return unlock, waited, err
}

// open starts the container and puts the configuration's fragments into it. Where
// that fails no container is left.
func (j *run) open(ctx context.Context) (err error) {
	p, e := j.candidate.plan, j.builder.Engine
	for _, m := range p.Mounts {
		if m.ReadOnly {
			continue
		}
		kind := "build"
		if j.rebuild && m.Path == outputDir {
			kind = engine.Scratch
		}
		if _, err := e.Volume(ctx, m.Volume, kind, map[string]string{"kiln.kernel": p.Name + "-" + p.Arch}); err != nil {
			return err
		}
	}
	if err := j.start(ctx); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			j.ctr.Remove()
		}
	}()
	if err := j.reuse(ctx); err != nil {
		return err
	}
	if err := j.identifyCompiler(ctx); err != nil {
		return err
	}
	return j.putFragments(ctx)
}

// start starts the container.
func (j *run) start(ctx context.Context) (err error) {
	p := j.candidate.plan
	spec := engine.Spec{
		Image: p.Toolchain.Image, Kind: "build", Name: p.Folder(), Command: []string{"sleep", "infinity"},
		Mounts: slices.Clone(p.Mounts), Offline: p.Network == "none", Memory: sizeOf(j.builder.Limits.Memory),
	}
	if j.server != nil {
		spec.Mounts = append(spec.Mounts, jobserverMount())
	}
	if j.vary != nil {
		spec.Host = j.vary.host
		for i := range spec.Mounts {
			spec.Mounts[i].Path = j.vary.whole(spec.Mounts[i].Path)
		}
	}
	if j.ctr, err = j.builder.Engine.Run(ctx, spec); err != nil || j.vary == nil {
		return err
	}
	if err = j.prepareVariation(ctx); err != nil {
		j.ctr.Remove()
	}
	return err
}

func (j *run) putFragments(ctx context.Context) error {
	files := []engine.File{{Name: strings.TrimPrefix(inputDir, "/"), Mode: os.ModeDir | 0o755}}
	for n, item := range j.candidate.plan.Config {
		if item.Target == "" {
			files = append(files, inputFile(fragmentPath(n), item.Text))
		}
	}
	return j.ctr.Put(ctx, "/", files...)
}

// steps runs the plan's steps in order.
func (j *run) steps(ctx context.Context) error {
	if j.configured {
		j.builder.Console.Logf("kernel %s: the configuration was made before", j.candidate.plan.Folder())
	}
	for n, s := range j.candidate.plan.Steps {
		if !j.needs(n, s) {
			j.reuseRecord(s)
		} else if err := j.stepWithMemory(ctx, s); err != nil {
			return err
		}
		if s.Checks {
			if err := j.check(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// needs says whether the nth step is to be run: those for options that are set, and
// those of the configuration unless the output tree has what would come out.
func (j *run) needs(n int, s Step) bool {
	if j.configured && n <= j.candidate.plan.checks() {
		return s.Root
	}
	return s.When == "" || j.final[s.When] == "y"
}

// env is the plan's environment with what does not decide the result: the number
// of jobs and the cache of compiled objects; and with the source's time, which the
// source decides. The kernel shows that as it is written here, so it is written as
// date(1) does.
func (j *run) env() []string {
	return slices.Concat(j.candidate.plan.Env, j.cacheEnv(), j.varyEnv(), []string{
		"KBUILD_BUILD_TIMESTAMP=" + stamp(j.tree.Time), fmt.Sprintf("SOURCE_DATE_EPOCH=%d", j.tree.Time),
		"MAKEFLAGS=" + j.makeFlags(),
	})
}

// step runs one step; its output goes to the log, and to the error if it fails.
func (j *run) step(ctx context.Context, s Step) error {
	if j.vary != nil {
		s = j.vary.step(s)
	}
	title := fmt.Sprintf("kernel %s: %s", j.candidate.plan.Folder(), s.Name)
	fmt.Fprintf(j.log, "==> %s: %s\n", s.Name, engine.Quote(s.Argv))
	start := time.Now()
	out := newStepOutput(j.log)
	if s.Name == "compile" || s.Name == "modules" {
		progress := j.builder.Console.Progress(title)
		total := j.expectedLines(s.Name)
		out.onMade = func(n int64, what string) { progress.Set(n, total, what) }
		defer func() { progress.End(fmt.Sprintf("%d objects", len(out.made))) }()
	}
	user := builder
	if s.Root {
		user = "0:0"
	}
	record := StepRecord{Name: s.Name, In: j.materials(ctx, s.In)}
	err := j.ctr.Exec(ctx, engine.Command{Argv: s.Argv, Dir: s.Dir, User: user, Env: j.env(), Stdout: out.stdout(), Stderr: out.stderr()})
	hungry := err != nil && j.oomKills(ctx) > j.oomKillsBefore // and make itself may be among them
	j.interrupted = j.interrupted || endedFromOutside(err) || hungry
	j.made = append(j.made, out.made...)
	if s.Name == "compile" {
		j.compiled += int64(len(out.made))
	}
	j.warnings = append(j.warnings, out.found.Warnings()...)
	record.Seconds = time.Since(start).Seconds()
	var exit *engine.ExitError
	if err == nil && s.Clean && out.found.Failure().First != nil {
		err = &engine.ExitError{Argv: s.Argv}
	}
	if errors.As(err, &exit) {
		record.Exit = exit.Code
		found := out.found.Failure()
		if hungry || j.full(ctx) {
			found.Cause = fault.Resources // each tool tells of it in its own way
		}
		err = j.failed(s, exit, found)
	}
	if err == nil {
		record.Out = j.materials(ctx, s.Out)
	}
	j.done = append(j.done, record)
	return errors.Join(err, j.writeProgress())
}
