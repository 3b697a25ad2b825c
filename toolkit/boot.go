package toolkit

import (
	"context"
	"errors"

	"github.com/romanatrashyonok/kiln/internal/kernel"
	"github.com/romanatrashyonok/kiln/internal/kernel/boot"
)

// Boot extracts and boots the chosen kernels that are built, and prints the verdict on
// each. All are booted before one that does not boot ends the run. junit, if not "",
// is where the verdicts are written for CI.
func (w *Project) Boot(ctx context.Context, choice kernel.Choice, junit string) error {
	var verdicts []boot.Report
	err := w.eachBuilt(ctx, choice, func(b *kernel.Builder, built kernel.Result) error {
		e, err := b.Extract(ctx, built)
		if err != nil {
			return err
		}
		r, err := b.Boot(ctx, e.Folder, boot.Limits{})
		if err != nil {
			return err
		}
		verdicts = append(verdicts, r)
		return w.booted(r)
	})
	if junit != "" && len(verdicts) > 0 { // what is known is told, whatever became of the others
		err = errors.Join(err, boot.WriteJUnit(junit, verdicts))
	}
	return errors.Join(err, failures(verdicts))
}

// bootNew boots the kernels in folders of dist/kernels that have not booted yet.
func (w *Project) bootNew(ctx context.Context, folders []string) error {
	b, err := w.Works(ctx)
	if err != nil {
		return err
	}
	var verdicts []boot.Report
	for _, folder := range folders {
		r, before, err := b.BootOnce(ctx, folder, boot.Limits{})
		if err != nil {
			return err
		}
		if before {
			w.Console.Logf("boot %s: it has booted before", r)
		}
		if err := w.booted(r); err != nil {
			return err
		}
		verdicts = append(verdicts, r)
	}
	return failures(verdicts)
}

// booted prints a verdict.
func (w *Project) booted(r boot.Report) error {
	w.Console.RecordOutcome(r.Folder(), "boot", r.Outcome())
	return w.Console.Result(r, r.String())
}

// failures makes one error of the kernels that did not boot.
func failures(verdicts []boot.Report) error {
	var faults []error
	for _, r := range verdicts {
		faults = append(faults, r.Err())
	}
	return errors.Join(faults...)
}

// Reproduce builds the chosen kernels a second time, compares what comes out with
// dist/, and prints the outcome for each.
func (w *Project) Reproduce(ctx context.Context, choice kernel.Choice) error {
	var faults []error
	err := w.each(ctx, choice, func(b *kernel.Builder, s kernel.Spec) error {
		built, err := b.Build(ctx, s)
		if err != nil {
			return err
		}
		e, err := b.Extract(ctx, built)
		if err != nil {
			return err
		}
		r, err := b.Reproduce(ctx, s, e.Folder)
		if err != nil {
			return err
		}
		faults = append(faults, r.Err())
		w.Console.RecordOutcome(built.Folder(), "second build", r.Outcome())
		return w.Console.Result(r, r.String())
	})
	return errors.Join(err, errors.Join(faults...))
}

// Why tells the stories of the kernels in dist/.
func (w *Project) Why(name string) error {
	list, err := kernel.Why(Dist, name)
	if err != nil {
		return err
	}
	var faults []error
	for _, story := range list {
		if err := w.Console.Result(story, story.String()); err != nil {
			return err
		}
		faults = append(faults, story.Err())
	}
	return errors.Join(faults...)
}
