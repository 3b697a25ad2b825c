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

// reuseOutput prepares the output tree of the last build for an incremental one: it makes
// source files that differ newer than what was built from them, and make(1) does the
// rest. An output tree that cannot be reused is emptied.
func (r *run) reuseOutput(ctx context.Context) error {
	now := r.state("")
	last, err := r.readState(ctx)
	if err != nil {
		return err
	}
	why, changes, err := r.rebuildReason(ctx, last, now)
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
			r.events.Logf("kernel %s: an earlier build in this output was interrupted", r.task.Plan.Folder())
			if err := r.repair(ctx); err != nil {
				return err
			}
		}
		r.priorSources = last.otherSources(now.Source)
		if changes.CodeOnly() {
			final = r.unchangedConfig(ctx, last)
		}
	}
	r.incremental, r.configured = why == "", final != ""
	return r.writeState(ctx, r.state(final))
}

// clearOutput empties the output tree, and logs why if it was in use.
func (r *run) clearOutput(ctx context.Context, why string, last buildState) error {
	if last != (buildState{}) {
		r.events.Logf("kernel %s: rebuilding from scratch: %s", r.task.Plan.Folder(), why)
	}
	_, err := r.ctr.Output(ctx, engine.Command{Argv: []string{"find", plan.OutputDir, "-mindepth", "1", "-delete"}})
	return fault.Wrap(fault.Environment, err)
}

// unchangedConfig returns the sha256 of the configuration in the output tree if it was
// made from the same request and has not been edited since, else "".
func (r *run) unchangedConfig(ctx context.Context, last buildState) string {
	if last.Final == "" || last.Asked != r.task.Plan.AskedHash() || !r.hasConfig(ctx, last.Final) {
		return ""
	}
	return last.Final
}

// hasConfig reports whether the configuration in the output tree has a sha256.
func (r *run) hasConfig(ctx context.Context, sum string) bool {
	got, err := r.ctr.Output(ctx, engine.Command{Argv: []string{"sha256sum", plan.ConfigFile}})
	return err == nil && strings.HasPrefix(got, sum+" ")
}

// rebuildReason returns why the output tree cannot be reused, or "" and how the source
// has changed since.
func (r *run) rebuildReason(ctx context.Context, last, now buildState) (why string, changes fetch.Difference, err error) {
	switch {
	case last == buildState{}:
		return "no earlier build", changes, nil
	case last.Toolchain != now.Toolchain:
		return "toolchain changed", changes, nil
	case last.Files != now.Files: // their times are part of an initramfs
		return "files changed", changes, nil
	case last.Series != now.Series:
		return fmt.Sprintf("series changed from %s to %s", last.Series, now.Series), changes, nil
	}
	return r.touchChanged(ctx, last.otherSources(now.Source))
}

// touchChanged makes every file newer that differs from one of the sources that objects in
// the output may be from.
func (r *run) touchChanged(ctx context.Context, others []string) (why string, changes fetch.Difference, err error) {
	for _, other := range others {
		d, known, err := r.exec.Sources.TouchChanged(ctx, other, r.task.Tree)
		if err != nil || !known {
			return "the previous source is gone or unrelated", changes, err
		}
		changes.Changed = append(changes.Changed, d.Changed...)
		changes.Gone += d.Gone
	}
	if len(others) > 0 {
		r.events.Logf("kernel %s: incremental build: %d source files differ", r.task.Plan.Folder(), changes.Files())
	}
	return "", changes, nil
}
