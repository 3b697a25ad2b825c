package toolkit

import (
	"context"
	"path/filepath"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// Track prints how the chosen kernels stand. What could not be asked is told with
// the age of what is known. With fail, something to be looked at is an error.
func (w *Project) Track(ctx context.Context, choice kernel.Choice, fail bool) error {
	specs, err := w.Specs(choice)
	if err != nil {
		return err
	}
	b, err := w.works(nil)
	if err != nil {
		return err
	}
	tracking, err := b.Track(ctx, specs)
	if err != nil {
		return err
	}
	if err := w.Console.Result(tracking, tracking.String()); err != nil {
		return err
	}
	for _, k := range tracking.Sources {
		if text := k.Warning(b.Upstream.Now()); text != "" {
			w.Console.Logf("%s", text)
		}
	}
	if !tracking.Known() {
		return fault.New(fault.Environment, "make kernel.org reachable once: its answer is then kept and shown with its age",
			"track kernels: kernel.org cannot be reached, and nothing is known of it from before")
	}
	if fail {
		return tracking.Verdict()
	}
	return nil
}

// Update moves the lock of the chosen kernels and prints what changed.
func (w *Project) Update(ctx context.Context, choice kernel.Choice, downgrade bool) error {
	specs, err := w.Specs(choice)
	if err != nil {
		return err
	}
	b, err := w.works(nil)
	if err != nil {
		return err
	}
	if kernel.NeedEngine(specs) {
		if b, err = w.Works(ctx); err != nil {
			return err
		}
	}
	updates, err := b.Update(ctx, specs, filepath.Dir(KernelFile), downgrade)
	if err != nil {
		return err
	}
	for _, u := range updates {
		if err := w.Console.Result(u, u.String()); err != nil {
			return err
		}
	}
	return nil
}

// Matrix prints the jobs into which CI can split the chosen kernels, as one line
// of JSON.
func (w *Project) Matrix(_ context.Context, choice kernel.Choice) error {
	specs, err := w.Specs(choice)
	if err != nil {
		return err
	}
	b, err := w.works(nil)
	if err != nil {
		return err
	}
	matrix := b.Matrix(specs)
	text, err := report.Line(matrix)
	if err != nil {
		return err
	}
	return w.Console.Result(matrix, text)
}
