package executor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"al.essio.dev/pkg/shellescape"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// runStep runs one step and records it. The step's output goes to the log; what it
// complains of goes into the error, a *Failure.
func (r *run) runStep(ctx context.Context, s plan.Step) error {
	fmt.Fprintf(r.log, "==> %s: %s\n", s.Name, shellescape.QuoteCommand(s.Argv))
	start := time.Now()
	out := newStepOutput(r.log)
	defer r.showProgress(s, out)()
	record := plan.StepRecord{Name: s.Name, In: r.hashMaterials(ctx, s.In)}
	err := r.ctr.Exec(ctx, engine.Command{Argv: s.Argv, Dir: s.Dir, User: userOf(s), Env: r.env(), Stdout: out.stdout(), Stderr: out.stderr()})
	oomKilled := err != nil && r.oomKills(ctx) > r.oomKillsBefore // make itself may be among the killed
	r.interrupted = r.interrupted || wasInterrupted(err) || oomKilled
	r.collect(s, out)
	record.Seconds = time.Since(start).Seconds()
	if err == nil && s.Clean && out.found.Failure().First != nil {
		err = &engine.ExitError{Argv: s.Argv}
	}
	var exit *engine.ExitError
	if errors.As(err, &exit) {
		record.Exit = exit.Code
		found := out.found.Failure()
		if oomKilled || r.diskFull(ctx) {
			found.Cause = fault.Resources // each tool reports it differently
		}
		err = r.stepFailure(ctx, s, exit, found)
	}
	if err == nil {
		record.Out = r.hashMaterials(ctx, s.Out)
	}
	r.done = append(r.done, record)
	return errors.Join(err, r.writeCheckpoint())
}

// userOf returns the user that runs a step.
func userOf(s plan.Step) string {
	if s.Root {
		return rootUser
	}
	return plan.BuildUser
}

// rootUser is root, as UID:GID.
const rootUser = "0:0"

// showProgress starts a progress display for a step that compiles; the returned function
// ends it.
func (r *run) showProgress(s plan.Step, out *stepOutput) (end func()) {
	if s.Name != "compile" && s.Name != "modules" {
		return func() {}
	}
	progress := r.events.Progress(fmt.Sprintf("kernel %s: %s", r.task.Plan.Folder(), s.Name))
	total := r.expectedLines(s.Name)
	out.onMade = func(n int64, what string) { progress.Set(n, total, what) }
	return func() { progress.End(fmt.Sprintf("%d objects", len(out.made))) }
}

// collect adds what a step made and warned of to the run.
func (r *run) collect(s plan.Step, out *stepOutput) {
	r.made = append(r.made, out.made...)
	if s.Name == "compile" {
		r.compiled += int64(len(out.made))
	}
	r.warnings = append(r.warnings, out.found.Warnings()...)
}
