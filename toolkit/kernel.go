package toolkit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// each opens the works and does the same for every chosen kernel, in the order of
// the file.
func (w *Project) each(ctx context.Context, choice kernel.Choice, do func(*kernel.Builder, kernel.Spec) error) error {
	specs, err := w.Specs(choice)
	if err != nil {
		return err
	}
	b, err := w.Works(ctx)
	if err != nil {
		return err
	}
	for _, s := range specs {
		if err := do(b, s); err != nil {
			return err
		}
	}
	return nil
}

// Kernel builds the chosen kernels and prints a line for each.
func (w *Project) Kernel(ctx context.Context, choice kernel.Choice) error {
	return w.build(ctx, choice, func(*kernel.Builder, kernel.Result) error { return nil })
}

// build builds the chosen kernels side by side, prints each result, and does something
// with it.
func (w *Project) build(ctx context.Context, choice kernel.Choice, do func(*kernel.Builder, kernel.Result) error) error {
	specs, err := w.Specs(choice)
	if err != nil {
		return err
	}
	b, err := w.Works(ctx)
	if err != nil {
		return err
	}
	return b.BuildAll(ctx, specs, func(r kernel.Result) error {
		w.Console.RecordOutcome(r.Folder(), "build", r.Outcome())
		if err := w.Console.Result(r, r.String()); err != nil {
			return err
		}
		return do(b, r)
	})
}

// Fetch brings in the sources of the chosen kernels and prints the state of each.
func (w *Project) Fetch(ctx context.Context, choice kernel.Choice) error {
	return w.each(ctx, choice, func(b *kernel.Builder, s kernel.Spec) error {
		tree, err := b.Fetch(ctx, s)
		if err != nil {
			return err
		}
		return w.Console.Result(tree, strings.TrimSpace(fmt.Sprintf("%s: %s: %s %s", s, tree.Ref, tree.Signature.Status, tree.Signature.Signer)))
	})
}

// Plan prints the plans of the chosen kernels; nothing of them is run.
func (w *Project) Plan(ctx context.Context, choice kernel.Choice) error {
	return w.each(ctx, choice, func(b *kernel.Builder, s kernel.Spec) error {
		plan, err := b.Plan(ctx, s)
		if err != nil {
			return err
		}
		return w.Console.Result(plan, plan.String())
	})
}

// KernelConfig makes the configurations of the chosen kernels and prints what became
// of each asked option, and why. All kernels are judged before one that lost an
// option ends the run.
func (w *Project) KernelConfig(ctx context.Context, choice kernel.Choice) error {
	var faults []error
	err := w.each(ctx, choice, func(b *kernel.Builder, s kernel.Spec) error {
		c, err := b.Configure(ctx, s)
		if err != nil {
			return err
		}
		faults = append(faults, c.Err())
		return w.Console.Result(c, c.String())
	})
	if err != nil {
		return err
	}
	return kernel.Lost(faults)
}

// Menuconfig lets a person edit the configuration of the one chosen kernel.
func (w *Project) Menuconfig(ctx context.Context, choice kernel.Choice) error {
	spec, b, err := w.one(ctx, choice, "menuconfig")
	if err != nil {
		return err
	}
	edit, err := b.Menuconfig(ctx, spec, filepath.Dir(KernelFile))
	if err != nil {
		return err
	}
	return w.Console.Result(edit, edit.String())
}

// one opens the works for the one kernel that is chosen.
func (w *Project) one(ctx context.Context, choice kernel.Choice, target string) (kernel.Spec, *kernel.Builder, error) {
	specs, err := w.Specs(choice)
	if err != nil {
		return kernel.Spec{}, nil, err
	}
	if len(specs) > 1 {
		return kernel.Spec{}, nil, fault.New(fault.Usage,
			"go tool mage kernel:"+target+" -name="+specs[0].Name+" -arch="+specs[0].Arch.Name, "%d kernels fit", len(specs))
	}
	b, err := w.Works(ctx)
	return specs[0], b, err
}

// Shell opens a shell where the build of a kernel runs.
func (w *Project) Shell(ctx context.Context, choice kernel.Choice) error {
	spec, b, err := w.one(ctx, choice, "shell")
	if err != nil {
		return err
	}
	return b.Shell(ctx, spec)
}

// Extract copies the chosen kernels that are built into dist/ and prints each one's
// folder.
func (w *Project) Extract(ctx context.Context, choice kernel.Choice) error {
	return w.eachBuilt(ctx, choice, func(b *kernel.Builder, built kernel.Result) error {
		_, err := w.extract(ctx, b, built)
		return err
	})
}

// eachBuilt does the same for every chosen kernel that is built, and says which are not.
// That none is built is an error.
func (w *Project) eachBuilt(ctx context.Context, choice kernel.Choice, do func(*kernel.Builder, kernel.Result) error) error {
	var missing []error
	found := false
	err := w.each(ctx, choice, func(b *kernel.Builder, s kernel.Spec) error {
		built, err := b.Built(ctx, s)
		if errors.Is(err, kernel.ErrNotBuilt) {
			missing = append(missing, err)
			return nil
		}
		if err != nil {
			return err
		}
		found = true
		return do(b, built)
	})
	if err != nil || !found {
		return errors.Join(append(missing, err)...)
	}
	for _, err := range missing {
		w.Console.Logf("left out: %v", err)
	}
	return nil
}

func (w *Project) extract(ctx context.Context, b *kernel.Builder, built kernel.Result) (kernel.Extracted, error) {
	e, err := b.Extract(ctx, built)
	if err != nil {
		return e, err
	}
	w.Console.RecordOutcome(built.Folder(), "extract", fmt.Sprintf("%d files, %s", e.Files, report.Bytes(e.Bytes)))
	how := "was there already, every file unharmed"
	if e.Copied {
		how = "copied and checked"
	}
	return e, w.Console.Result(e, fmt.Sprintf("%s: %d files, %s, %s", e.Folder, e.Files, report.Bytes(e.Bytes), how))
}

// All does the whole job: the image is built and proven; the kernels are built,
// extracted and booted; and the image is made and proven again with them where it shows
// them. It is pushed only where that was asked for.
func (w *Project) All(ctx context.Context) error {
	push, err := asksToPush()
	if err != nil {
		return err
	}
	if push { // hours before it comes to that
		if err := w.publishable(ctx); err != nil {
			return err
		}
	}
	if err := w.proven(ctx, true); err != nil {
		return err
	}
	var folders []string
	err = w.build(ctx, kernel.Choice{}, func(b *kernel.Builder, built kernel.Result) error {
		e, err := w.extract(ctx, b, built)
		folders = append(folders, e.Folder)
		return err
	})
	if err != nil {
		return err
	}
	if err := w.bootNew(ctx, folders); err != nil {
		return err
	}
	if push {
		return w.Push(ctx)
	}
	return w.proven(ctx, false)
}

// asksToPush tells what KILN_PUSH says.
func asksToPush() (bool, error) {
	switch v := os.Getenv(PushVariable); v {
	case "1":
		return true, nil
	case "", "0":
		return false, nil
	default:
		return false, fault.New(fault.Usage, "", "%s: expected 1 or 0, got %q", PushVariable, v)
	}
}
