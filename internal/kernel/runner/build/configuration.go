//go:build linux

package build

import (
	"context"
	"fmt"
	"slices"

	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/configcheck"
)

// makeConfig runs the plan's steps up to the one that makes the configuration final, and
// compares that with what was asked.
func (r *run) makeConfig(ctx context.Context) error {
	steps := r.Plan.Configuring()
	if len(steps) == 0 {
		return errNoConfiguration(r.Plan.Folder())
	}
	for _, s := range steps {
		if err := r.steps.run(ctx, s); err != nil {
			return err
		}
	}
	return r.compareConfig(ctx)
}

func errNoConfiguration(folder string) error {
	return fmt.Errorf("configure kernel %s: its plan has no step that makes the configuration final", folder)
}

// compareConfig compares each asked option with the final configuration.
func (r *run) compareConfig(ctx context.Context) (err error) {
	r.config, err = configcheck.Check{Plan: r.Plan, Python: r.python}.Run(ctx)
	if err != nil {
		return err
	}
	if r.config.Unexplained != nil {
		r.note("cannot explain why options are not as asked: %v", r.config.Unexplained)
	}
	r.values = r.config.Values
	r.emit(runner.Event{Configuration: &r.config.Configuration})
	return nil
}

// checkConfig checks the final configuration before anything is compiled. Lost options are
// an error; a configuration without them is cached for later builds.
func (r *run) checkConfig(ctx context.Context) error {
	if err := r.compareConfig(ctx); err != nil {
		return err
	}
	r.reportConfig()
	if err := r.config.Configuration.Err(); err != nil {
		return lostError{err}
	}
	for _, why := range kconfig.NonReproducible(r.values) {
		r.warn("not reproducible: %s", why)
	}
	if err := r.setState(r.state(r.config.SHA256, r.reusable.sources...)); err != nil {
		return err
	}
	if r.reusable.final != "" {
		return nil
	}
	return r.cache.SetConfig(r.Plan, r.config.Text, r.config.SHA256)
}

// reportConfig reports options that are allowed to differ, and what is odd.
func (r *run) reportConfig() {
	for _, v := range r.config.Configuration.Options {
		if !v.Kept() && v.Allowed {
			r.note("allowed: %s", v)
		}
	}
	for _, w := range r.config.Configuration.Warnings {
		r.warn("%s", w)
	}
}

// key returns the second key of the result, "" until the configuration is final.
func (r *run) key() string {
	if r.config.SHA256 == "" {
		return ""
	}
	return r.Plan.Key(r.config.SHA256)
}

// found reports whether the result exists, by its second key.
func (r *run) found() bool { return slices.Contains(r.Results, r.key()) && r.key() != "" }
