package executor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"al.essio.dev/pkg/shellescape"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/diagnose"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// run is a task that is being carried out in a container.
type run struct {
	exec   *Executor
	task   Task
	events Events
	ctr    *engine.Container

	log      io.Writer
	logPath  string // of the file behind it; "" where nothing is recorded
	started  time.Time
	jobs     int    // for make
	compiler string // the sha256 of the programs that compile

	done    []plan.StepRecord
	earlier []plan.StepRecord // of an interrupted run of the same plan

	verdicts    []kconfig.Verdict
	final      map[string]string // the final configuration
	finalSum   string            // its sha256
	configured bool              // the output tree has the final configuration from the last build

	made     []string // what make reported as made
	compiled int64    // how many of those in the step that compiles
	warnings []diagnose.Finding

	incremental    bool     // it builds over the last output
	priorSources   []string // sources of earlier builds that its objects may be from, until it has ended
	interrupted    bool     // a step was ended from outside: the output may have partial files
	oomKillsBefore int      // processes that had been killed for lack of memory when the step began
	ended          bool     // all steps have ended, none from outside
}

// newRun prepares to run a task, with as many jobs as the engine's machine has room for.
// Its log is discarded.
func (e *Executor) newRun(ctx context.Context, t Task, ev Events) (*run, error) {
	jobs, err := e.Jobs(ctx)
	if err != nil {
		return nil, err
	}
	if t.Jobs > 0 {
		jobs = t.Jobs
	}
	return &run{exec: e, task: t, events: ev, log: io.Discard, jobs: jobs}, nil
}

// open starts the container and puts the configuration's fragments into it. Where
// that fails no container is left.
func (r *run) open(ctx context.Context) (err error) {
	if err := r.createVolumes(ctx); err != nil {
		return err
	}
	if r.ctr, err = r.exec.Engine.Run(ctx, r.containerSpec()); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			r.ctr.Remove()
		}
	}()
	if err := r.ctr.Put(ctx, "/", r.inputs()...); err != nil {
		return err
	}
	if err := r.prepare(ctx); err != nil {
		return err
	}
	return r.identifyCompiler(ctx)
}

// prepare readies the container: what the task asks for, and the output tree.
func (r *run) prepare(ctx context.Context) error {
	for _, argv := range r.task.Prepare {
		if _, err := r.ctr.Output(ctx, engine.Command{Argv: argv, User: "0:0"}); err != nil {
			return err
		}
	}
	if r.task.Scratch {
		return nil
	}
	return r.reuseOutput(ctx)
}

// createVolumes makes the volumes that the plan writes to, unless the engine has them.
func (r *run) createVolumes(ctx context.Context) error {
	p := r.task.Plan
	for _, m := range p.Mounts {
		if m.ReadOnly {
			continue
		}
		kind := "build"
		if r.task.Scratch && m.Volume == p.Output() {
			kind = engine.Scratch
		}
		if err := r.exec.Engine.Volumes().Create(ctx, m.Volume, kind, map[string]string{"kiln.kernel": p.Name + "-" + p.Arch}); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) containerSpec() engine.Spec {
	p := r.task.Plan
	s := engine.Spec{
		Image: p.Toolchain.Image, Kind: "build", Name: p.Folder(), Command: []string{"sleep", "infinity"},
		Host: r.task.Host, Offline: p.Network == "none", Memory: r.exec.Limits.MemoryBytes(),
	}
	for _, m := range p.Mounts {
		s.Mounts = append(s.Mounts, engine.Mount(m))
	}
	if r.task.Jobserver != nil {
		s.Mounts = append(s.Mounts, jobserverMount())
	}
	return s
}

// inputs are the configuration's fragments, and the files of the task.
func (r *run) inputs() []engine.File {
	files := []engine.File{{Name: strings.TrimPrefix(plan.InputDir, "/"), Mode: os.ModeDir | 0o755}}
	for n, item := range r.task.Plan.Config {
		if item.Target == "" {
			files = append(files, inputFile(plan.FragmentPath(n), item.Text))
		}
	}
	for path, text := range r.task.Files {
		files = append(files, inputFile(path, text))
	}
	return files
}

// runSteps runs the plan's steps in order.
func (r *run) runSteps(ctx context.Context) error {
	if r.configured {
		r.events.Logf("kernel %s: the configuration was made before", r.task.Plan.Folder())
	}
	for n, s := range r.task.Plan.Steps {
		if !r.needs(n, s) {
			r.reuseRecord(s)
		} else if err := r.stepWithRetries(ctx, s); err != nil {
			return err
		}
		if s.Checks {
			if err := r.checkConfig(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// needs says whether the nth step is to be run: those for options that are set, and
// those of the configuration unless the output tree has what would come out.
func (r *run) needs(n int, s plan.Step) bool {
	if r.configured && n <= r.task.Plan.ChecksAt() {
		return s.Root
	}
	return s.When == "" || r.final[s.When] == "y"
}

// env is the plan's environment, with the source's time, and with what does not decide the
// result: the number of jobs and the cache of compiled objects.
func (r *run) env() []string {
	return slices.Concat(r.task.Plan.Env, r.ccacheEnv(), plan.TimeEnv(r.task.Tree.Time), []string{"MAKEFLAGS=" + r.makeFlags()})
}

// runStep runs one step; its output goes to the log, and to the error if it fails.
func (r *run) runStep(ctx context.Context, s plan.Step) error {
	title := fmt.Sprintf("kernel %s: %s", r.task.Plan.Folder(), s.Name)
	fmt.Fprintf(r.log, "==> %s: %s\n", s.Name, shellescape.QuoteCommand(s.Argv))
	start := time.Now()
	out := newStepOutput(r.log)
	if s.Name == "compile" || s.Name == "modules" {
		progress := r.events.Progress(title)
		total := r.expectedLines(s.Name)
		out.onMade = func(n int64, what string) { progress.Set(n, total, what) }
		defer func() { progress.End(fmt.Sprintf("%d objects", len(out.made))) }()
	}
	user := plan.BuildUser
	if s.Root {
		user = "0:0"
	}
	record := plan.StepRecord{Name: s.Name, In: r.hashMaterials(ctx, s.In)}
	err := r.ctr.Exec(ctx, engine.Command{Argv: s.Argv, Dir: s.Dir, User: user, Env: r.env(), Stdout: out.stdout(), Stderr: out.stderr()})
	oomKilled := err != nil && r.oomKills(ctx) > r.oomKillsBefore // and make itself may be among them
	r.interrupted = r.interrupted || wasInterrupted(err) || oomKilled
	r.made = append(r.made, out.made...)
	if s.Name == "compile" {
		r.compiled += int64(len(out.made))
	}
	r.warnings = append(r.warnings, out.found.Warnings()...)
	record.Seconds = time.Since(start).Seconds()
	var exit *engine.ExitError
	if err == nil && s.Clean && out.found.Failure().First != nil {
		err = &engine.ExitError{Argv: s.Argv}
	}
	if errors.As(err, &exit) {
		record.Exit = exit.Code
		found := out.found.Failure()
		if oomKilled || r.diskFull(ctx) {
			found.Cause = fault.Resources // each tool tells of it in its own way
		}
		err = r.stepFailure(s, exit, found)
	}
	if err == nil {
		record.Out = r.hashMaterials(ctx, s.Out)
	}
	r.done = append(r.done, record)
	return errors.Join(err, r.writeCheckpoint())
}
