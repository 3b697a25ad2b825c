package executor

import (
	"context"
	"fmt"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/fetch"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// reuseOutput gets the output tree of the last build ready to be built upon: what differs
// in the source is made newer than what was built from it, and make(1) does the rest.
// What cannot be built upon is removed.
func (r *run) reuseOutput(ctx context.Context) error {
	now := r.state("")
	last, err := r.readState(ctx)
	if err != nil {
		return err
	}
	why, differ, err := r.rebuildReason(ctx, last, now)
	if err != nil {
		return err
	}
	final := ""
	if why != "" {
		if err := r.clearOutput(ctx, why, last); err != nil {
			return err
		}
		if final, err = r.restoreConfig(ctx); err != nil {
			return err
		}
	} else {
		if last.Open {
			r.events.Logf("kernel %s: an earlier run over this output was broken off", r.task.Plan.Folder())
			if err := r.repair(ctx); err != nil {
				return err
			}
		}
		r.priorSources = last.otherSources(now.Source)
		if differ.CodeOnly() {
			final = r.unchangedConfig(ctx, last)
		}
	}
	r.incremental, r.configured = why == "", final != ""
	return r.writeState(ctx, r.state(final))
}

// clearOutput empties the output tree, and says why if there was something in it.
func (r *run) clearOutput(ctx context.Context, why string, last buildState) error {
	if last != (buildState{}) {
		r.events.Logf("kernel %s: starts clean: %s", r.task.Plan.Folder(), why)
	}
	_, err := r.ctr.Output(ctx, engine.Command{Argv: []string{"find", plan.OutputDir, "-mindepth", "1", "-delete"}})
	return fault.Wrap(fault.Environment, err)
}

// unchangedConfig gives the sha256 of the configuration in the output tree if the same was
// asked then and nobody has changed it since, else "".
func (r *run) unchangedConfig(ctx context.Context, last buildState) string {
	if last.Final == "" || last.Asked != r.task.Plan.AskedHash() || !r.hasConfig(ctx, last.Final) {
		return ""
	}
	return last.Final
}

// hasConfig tells whether the output tree has the configuration of that sha256.
func (r *run) hasConfig(ctx context.Context, sum string) bool {
	got, err := r.ctr.Output(ctx, engine.Command{Argv: []string{"sha256sum", plan.ConfigFile}})
	return err == nil && strings.HasPrefix(got, sum+" ")
}

// rebuildReason says why the output tree cannot be built upon, or "" where it can, and in what
// the source differs.
func (r *run) rebuildReason(ctx context.Context, last, now buildState) (why string, differ fetch.Difference, err error) {
	switch {
	case last == buildState{}:
		return "nothing is known of its output", differ, nil
	case last.Toolchain != now.Toolchain:
		return "its toolchain is another", differ, nil
	case last.Series != now.Series:
		return fmt.Sprintf("its output was made from %s", last.Series), differ, nil
	}
	return r.touchChanged(ctx, last.otherSources(now.Source))
}

// touchChanged makes newer what differs from each source that objects of the output may be from.
func (r *run) touchChanged(ctx context.Context, others []string) (why string, differ fetch.Difference, err error) {
	for _, other := range others {
		d, known, err := r.exec.Sources.TouchChanged(ctx, other, r.task.Tree)
		if err != nil || !known {
			return "the source of its output is gone, or another altogether", differ, err
		}
		differ.Changed = append(differ.Changed, d.Changed...)
		differ.Gone += d.Gone
	}
	if len(others) > 0 {
		r.events.Logf("kernel %s: builds on its last output: %d files of the source differ", r.task.Plan.Folder(), differ.Files())
	}
	return "", differ, nil
}
