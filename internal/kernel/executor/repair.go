package executor

import (
	"context"
	"errors"
	"path"
	"strconv"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// repair removes files that an interrupted build may have left incomplete. make(1) would
// take them as up to date: they are newer than their sources.
func (r *run) repair(ctx context.Context) error {
	listed, err := r.ctr.Output(ctx, engine.Command{Argv: []string{"find", plan.OutputDir, "-type", "f", "-printf", `%T@ %P\n`}})
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	list := partialOutputs(parseTimes(listed))
	if len(list) == 0 {
		return nil
	}
	r.events.Logf("kernel %s: rebuilding %d files that may be incomplete", r.task.Plan.Folder(), len(list))
	remove := engine.Command{Argv: []string{"xargs", "-d", `\n`, "rm", "-f", "--"}, Dir: plan.OutputDir, Stdin: strings.NewReader(strings.Join(list, "\n"))}
	return fault.Wrap(fault.Environment, r.ctr.Exec(ctx, remove))
}

// repairInterrupted repairs the output if a step of this run was killed. It first kills
// what that step's make started and left running.
func (r *run) repairInterrupted(ctx context.Context) error {
	if !r.interrupted {
		return nil
	}
	killAll := engine.Command{Argv: []string{"sh", "-c", "kill -KILL -1"}, User: plan.BuildUser}
	var exit *engine.ExitError
	if err := r.ctr.Exec(ctx, killAll); err != nil && !errors.As(err, &exit) { // it fails where nothing runs
		return err
	}
	r.interrupted = false
	return r.repair(ctx)
}

// parseTimes parses lines of a time in seconds and a path.
func parseTimes(listed string) map[string]float64 {
	times := map[string]float64{}
	for line := range strings.Lines(listed) {
		text, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if t, err := strconv.ParseFloat(text, 64); err == nil {
			times[name] = t
		}
	}
	return times
}

// unsettledSeconds is how long before the end of an interrupted build, in seconds, files
// may have been in work although their .cmd files exist: genksyms and recordmcount run
// after those are written.
const unsettledSeconds = 30

// partialOutputs returns the files that may be incomplete, given the times of all files in
// seconds: those that are newer than the .NAME.cmd file that Kbuild writes beside each
// when it is complete, those of the last moments, and modules, into which pahole writes
// types after their .cmd file. Where recordmcount is used every object is newer than its
// .cmd file, and is rebuilt.
func partialOutputs(times map[string]float64) (list []string) {
	newest := 0.0
	for _, t := range times {
		newest = max(newest, t)
	}
	for name, t := range times {
		dir, base := path.Split(name)
		completed, known := times[dir+"."+base+".cmd"]
		if known && (t > completed || path.Ext(name) == ".ko") || t > newest-unsettledSeconds && !writtenAtomically(name) {
			list = append(list, name)
		}
	}
	return list
}

// writtenAtomically reports whether a file is never incomplete: Kconfig and Kbuild's
// filechk write it under a temporary name and rename it. Rebuilding it would recompile
// everything that includes it.
func writtenAtomically(name string) bool {
	return name == buildStateFile || strings.HasPrefix(name, ".config") ||
		strings.HasPrefix(name, "include/config/") || strings.HasPrefix(name, "include/generated/")
}

// wasInterrupted reports whether a command was killed by a signal or with its container,
// so that make could not remove its incomplete files.
func wasInterrupted(err error) bool {
	var exit *engine.ExitError
	return err != nil && (!errors.As(err, &exit) || exit.Code > 128)
}
