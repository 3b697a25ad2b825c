//go:build linux

package build

import (
	"context"
	"errors"

	"github.com/romanatrashyonok/kiln/internal/kernel/runner"
)

// finish records in the output tree that a build has ended and left no partial files,
// and, if it compiled everything, that every object is from the current source. An interrupted
// build is not recorded. It returns failed, the build's error, with its own.
func (r *run) finish(ctx context.Context, failed error, compiled bool) error {
	if r.interrupted || ctx.Err() != nil {
		return failed
	}
	if failed == nil && compiled {
		r.reusable.sources = nil
	}
	closed := r.state(r.config.SHA256, r.reusable.sources...)
	closed.Open = false
	return errors.Join(failed, r.setState(closed))
}

// setState stores the state of the output tree, unless that is removed after the run.
func (r *run) setState(s runner.State) error {
	if r.Scratch {
		return nil
	}
	return r.tree().SetState(s)
}

// Close records that nothing works in the output tree of a job any more. Changes made by hand
// are not an interrupted build.
func Close(job runner.Job) error {
	s := session{Job: job}
	last, err := s.tree().State()
	if err != nil || last == (runner.State{}) {
		return err
	}
	last.Open = false
	return s.tree().SetState(last)
}
