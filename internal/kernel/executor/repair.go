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

// repair removes from the output of a run that was broken off what it may not have
// finished. make(1) would take it for done: it is newer than what it is made from.
func (r *run) repair(ctx context.Context) error {
	listed, err := r.ctr.Output(ctx, engine.Command{Argv: []string{"find", plan.OutputDir, "-type", "f", "-printf", `%T@ %P\n`}})
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	list := partialOutputs(parseTimes(listed))
	if len(list) == 0 {
		return nil
	}
	r.events.Logf("kernel %s: %d files that may not be finished are made again", r.task.Plan.Folder(), len(list))
	remove := engine.Command{Argv: []string{"xargs", "-d", `\n`, "rm", "-f", "--"}, Dir: plan.OutputDir, Stdin: strings.NewReader(strings.Join(list, "\n"))}
	return fault.Wrap(fault.Environment, r.ctr.Exec(ctx, remove))
}

// repairInterrupted mends the output after a step of this run that was cut short. What its make has
// started may live on, and is ended first.
func (r *run) repairInterrupted(ctx context.Context) error {
	if !r.interrupted {
		return nil
	}
	everything := engine.Command{Argv: []string{"sh", "-c", "kill -KILL -1"}, User: plan.BuildUser}
	var exit *engine.ExitError
	if err := r.ctr.Exec(ctx, everything); err != nil && !errors.As(err, &exit) { // it fails where there is nothing to end
		return err
	}
	r.interrupted = false
	return r.repair(ctx)
}

// parseTimes reads lines of a time, in seconds, and a path.
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

// unsettledSeconds is how long before its end, in seconds, a run may have had files in hand
// that their notes call done: genksyms and recordmcount come after those.
const unsettledSeconds = 30

// partialOutputs gives the files that may be half made, by their times: those that are newer
// than the note which Kbuild writes beside each when it is done (.NAME.cmd), those of the
// last moments, and modules: pahole puts types into them after their note. Where
// recordmcount is in use every object is newer than its note, and is made again.
func partialOutputs(times map[string]float64) (list []string) {
	newest := 0.0
	for _, t := range times {
		newest = max(newest, t)
	}
	for name, t := range times {
		dir, base := path.Split(name)
		done, noted := times[dir+"."+base+".cmd"]
		if noted && (t > done || path.Ext(name) == ".ko") || t > newest-unsettledSeconds && !writtenAtomically(name) {
			list = append(list, name)
		}
	}
	return list
}

// writtenAtomically tells whether a file comes into being whole: Kconfig and Kbuild's filechk write
// it beside its place and move it there. To make it again would have all that includes
// it compiled again.
func writtenAtomically(name string) bool {
	return name == buildStateFile || strings.HasPrefix(name, ".config") ||
		strings.HasPrefix(name, "include/config/") || strings.HasPrefix(name, "include/generated/")
}

// finish notes, of a build that has ended well or by itself, that nothing in its output is
// half made, and of one that ended well that all of it is from the present source.
func (r *run) finish(ctx context.Context, failed error) error {
	if r.interrupted || ctx.Err() != nil {
		return failed
	}
	r.ended = true
	if failed == nil {
		r.priorSources = nil
	}
	return errors.Join(failed, r.writeState(ctx, r.state(r.finalSum)))
}

// wasInterrupted tells whether a command was ended from outside, by a signal or with its
// container: make, which removes what it could not finish, could not do so.
func wasInterrupted(err error) bool {
	var exit *engine.ExitError
	return err != nil && (!errors.As(err, &exit) || exit.Code > 128)
}
