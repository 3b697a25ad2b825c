//go:build linux

package build

import (
	"slices"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner"
)

// reusable is what a run can use of its output tree.
type reusable struct {
	incremental bool     // the build reuses the last output
	final       string   // sha256 of the final configuration that the tree already has; or ""
	sources     []string // of earlier builds that objects may be from
}

// reuse decides what of an output tree a run can use.
type reuse struct {
	*session
	*emitter
}

// open prepares the output tree of the last build for an incremental one: the executor has made
// source files that differ newer than what was built from them, and make(1) does the
// rest. An output tree that cannot be reused is emptied.
func (u reuse) open() (found reusable, err error) {
	last, err := u.tree().State()
	if err != nil {
		return found, err
	}
	why := u.rebuildReason(last)
	if why != "" {
		if last != (runner.State{}) {
			u.note("rebuilding from scratch: %s", why)
		}
		if err := u.tree().Clear(); err != nil {
			return found, err
		}
		found.final, err = u.restoreConfig()
		return found, err
	}
	found.incremental, found.sources = true, last.Others(u.SourceID)
	if len(found.sources) > 0 {
		u.note("incremental build: %d source files differ", u.Earlier.Files)
	}
	if last.Open {
		u.note("an earlier build in this output was interrupted")
		if err := repair(u.tree(), u.emitter); err != nil {
			return found, err
		}
	}
	if len(found.sources) == 0 || u.Earlier.CodeOnly {
		found.final = u.unchangedConfig(last)
	}
	return found, nil
}

// state returns the state of an output tree in which the job's build is in progress, given the
// sha256 of its final configuration, "" until that is made.
func (s *session) state(final string, earlier ...string) runner.State {
	p := s.Plan
	return runner.State{
		Toolchain: p.Toolchain.Identity(), Source: s.SourceID, Files: p.FilesHash(), Series: plan.Series(p.Source.Version),
		Commands: p.CommandsHash(), Asked: p.AskedHash(), Final: final, Since: joinSources(earlier), Open: true,
	}
}

// rebuildReason returns why the output tree cannot be reused, or "".
func (u reuse) rebuildReason(last runner.State) string {
	if why := last.RebuildReason(u.Plan); why != "" {
		return why
	}
	for _, other := range last.Others(u.SourceID) {
		if !u.Earlier.Known || !slices.Contains(u.Earlier.Sources, other) {
			return "the previous source is gone or unrelated"
		}
	}
	return ""
}

// unchangedConfig returns the sha256 of the configuration in the output tree if it was
// made from the same request and has not been edited since, else "".
func (u reuse) unchangedConfig(last runner.State) string {
	if last.Final == "" || last.Asked != u.Plan.AskedHash() || !u.tree().HasConfig(last.Final) {
		return ""
	}
	return last.Final
}

// restoreConfig copies the plan's cached configuration into the output tree and returns
// its sha256, or "" where none is cached.
func (u reuse) restoreConfig() (string, error) {
	text, sum, err := u.cache.Config(u.Plan)
	if err != nil || sum == "" {
		return "", err
	}
	if err := u.tree().SetConfig(text); err != nil {
		return "", err
	}
	return sum, u.own(u.tree().ConfigFile())
}
