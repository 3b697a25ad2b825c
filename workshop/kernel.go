package workshop

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/romanatrashyonok/kiln/fault"
	"github.com/romanatrashyonok/kiln/kernel"
	"github.com/romanatrashyonok/kiln/report"
)

// each opens the works and does the same for every chosen kernel, in the order of
// the file.
func (w *Workshop) each(ctx context.Context, choice kernel.Choice, do func(*kernel.Works, kernel.Spec) error) error {
	specs, err := w.Specs(choice)
	if err != nil {
		return err
	}
	works, err := w.Works(ctx)
	if err != nil {
		return err
	}
	for _, s := range specs {
		if err := do(works, s); err != nil {
			return err
		}
	}
	return nil
}

// Kernel builds the chosen kernels and prints a line for each.
func (w *Workshop) Kernel(ctx context.Context, choice kernel.Choice) error {
	return w.each(ctx, choice, func(works *kernel.Works, s kernel.Spec) error {
		result, err := works.Build(ctx, s)
		if err != nil {
			return err
		}
		return w.Console.Result(result, result.String())
	})
}

// Fetch brings in the sources of the chosen kernels and prints the state of each.
func (w *Workshop) Fetch(ctx context.Context, choice kernel.Choice) error {
	return w.each(ctx, choice, func(works *kernel.Works, s kernel.Spec) error {
		tree, err := works.Fetch(ctx, s)
		if err != nil {
			return err
		}
		return w.Console.Result(tree, strings.TrimSpace(fmt.Sprintf("%s: %s: %s %s", s, tree.Ref, tree.Signature.Status, tree.Signature.Signer)))
	})
}

// Plan prints the plans of the chosen kernels; nothing of them is run.
func (w *Workshop) Plan(ctx context.Context, choice kernel.Choice) error {
	return w.each(ctx, choice, func(works *kernel.Works, s kernel.Spec) error {
		plan, err := works.Plan(ctx, s)
		if err != nil {
			return err
		}
		return w.Console.Result(plan, plan.String())
	})
}

// Shell opens a shell where the build of a kernel runs.
func (w *Workshop) Shell(ctx context.Context, choice kernel.Choice) error {
	specs, err := w.Specs(choice)
	if err != nil {
		return err
	}
	if len(specs) > 1 {
		return fault.New(fault.Usage, "choose one: go tool mage kernel:shell -name="+specs[0].Name+" -arch="+specs[0].Arch.Name,
			"open a shell: %d kernels fit", len(specs))
	}
	works, err := w.Works(ctx)
	if err != nil {
		return err
	}
	return works.Shell(ctx, specs[0])
}

// Extract copies the built kernels into dist/ and prints each one's folder.
func (w *Workshop) Extract(ctx context.Context, choice kernel.Choice) error {
	return w.each(ctx, choice, func(works *kernel.Works, s kernel.Spec) error {
		built, err := works.Built(ctx, s)
		if err != nil {
			return err
		}
		return w.extract(ctx, works, built)
	})
}

func (w *Workshop) extract(ctx context.Context, works *kernel.Works, built kernel.Result) error {
	e, err := works.Extract(ctx, built)
	if err != nil {
		return err
	}
	how := "was there already, every file unharmed"
	if e.Copied {
		how = "copied and checked"
	}
	return w.Console.Result(e, fmt.Sprintf("%s: %d files, %s, %s", e.Folder, e.Files, report.Bytes(e.Bytes), how))
}

// All does the whole job: the image is built and proven, and pushed only where
// that was asked for; the kernels are built and extracted.
func (w *Workshop) All(ctx context.Context) error {
	if err := w.Image(ctx); err != nil {
		return err
	}
	if err := w.publish(ctx); err != nil {
		return err
	}
	return w.each(ctx, kernel.Choice{}, func(works *kernel.Works, s kernel.Spec) error {
		built, err := works.Build(ctx, s)
		if err != nil {
			return err
		}
		if err := w.Console.Result(built, built.String()); err != nil {
			return err
		}
		return w.extract(ctx, works, built)
	})
}

// publish proves the image and pushes it if KILN_PUSH says so.
func (w *Workshop) publish(ctx context.Context) error {
	switch v := os.Getenv(PushVariable); v {
	case "1":
		return w.Push(ctx)
	case "", "0":
		return w.Verify(ctx)
	default:
		return fault.New(fault.Usage, "", "%s: expected 1 or 0, got %q", PushVariable, v)
	}
}
