//go:build linux

package build

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/cgroup"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/outputtree"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/process"
)

// steps runs the steps of a plan.
type steps struct {
	*session
	*emitter
	*record
	group cgroup.Group
	log   *os.File // nil for none
	keeps bool     // a checkpoint in the output tree

	values         map[string]string // of the final configuration; nil until that is made
	interrupted    bool              // a step was killed: the output may have partial files
	oomKillsBefore int               // processes killed for lack of memory before the current step
}

// run runs one step and records it. The step's output goes to the log; what it
// complains of goes into the error, a *stepError.
func (r *steps) run(ctx context.Context, s plan.Step) error {
	log := r.logWriter()
	io.WriteString(log, "==> "+s.Name+": "+quote(s.Argv)+"\n")
	r.emit(runner.Event{Begin: &runner.Begin{Step: s.Name, Phase: s.Phase, Argv: s.Argv, Total: r.expectedLines(s.Phase)}})
	start := time.Now()
	out := newOutput(log, r.dir(plan.SourceRole), func(n int64, file string) {
		r.emit(runner.Event{Made: &runner.Made{N: n, File: file}})
	})
	entry := plan.StepRecord{Name: s.Name, In: r.hashMaterials(s.In)}
	err := r.exec(ctx, s, out)
	oomKilled := err != nil && r.group.OOMKills() > r.oomKillsBefore // make itself may be among the killed
	r.interrupted = r.interrupted || process.Interrupted(err) || oomKilled
	r.add(s.Phase, out)
	entry.Seconds = time.Since(start).Seconds()
	if err == nil && s.Clean && out.found.Failure().First != nil {
		err = &process.ExitError{Argv: s.Argv}
	}
	var exit *process.ExitError
	if errors.As(err, &exit) {
		entry.Exit = exit.Code
		err = r.failure(s, exit, out.found.Failure(), oomKilled)
	}
	if err == nil {
		entry.Out = r.hashMaterials(s.Out)
	}
	r.emit(runner.Event{End: &entry})
	r.done = append(r.done, entry)
	return errors.Join(err, r.checkpoint(time.Time{}))
}

// logWriter returns the writer of the log.
func (r *steps) logWriter() io.Writer {
	if r.log == nil {
		return io.Discard
	}
	return r.log
}

// exec runs the command of a step.
func (r *steps) exec(ctx context.Context, s plan.Step, out *output) error {
	return process.Command{Argv: s.Argv, Dir: s.Dir, Env: r.env(), User: r.user, Stdout: out.stdout, Stderr: out.stderr}.Run(ctx)
}

// checkpoint stores the partial manifest, with the time when the run was finished, zero before that.
func (r *steps) checkpoint(finished time.Time) error {
	if !r.keeps {
		return nil
	}
	m := r.manifest(r.session)
	m.Finished = finished
	return r.tree().SetCheckpoint(m)
}

// repairInterrupted repairs the output if a step of this run was killed. It first kills
// what that step's make started and left running.
func (r *steps) repairInterrupted() error {
	if !r.interrupted {
		return nil
	}
	if err := process.KillLeft(); err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	r.interrupted = false
	return repair(r.tree(), r.emitter)
}

// repair removes what an interrupted build may have left incomplete in an output tree.
func repair(t outputtree.Tree, e *emitter) error {
	n, err := t.Repair()
	if n > 0 {
		e.note("rebuilding %d files that may be incomplete", n)
	}
	return err
}

// objectsPerOption is about how many lines Kbuild prints for each built-in option,
// measured on micro and defconfig of 6.12. It is used until a kernel has been built once.
const objectsPerOption = 3

// expectedLines estimates how many lines make will print in the rest of a phase, for the time left;
// 0 where nothing is known.
func (r *steps) expectedLines(phase plan.Phase) int64 {
	if phase != plan.Compile {
		return 0
	}
	expected := r.Lines
	if expected == 0 {
		for _, value := range r.values {
			if value == "y" {
				expected += objectsPerOption
			}
		}
	}
	return max(0, expected-r.compiled)
}
