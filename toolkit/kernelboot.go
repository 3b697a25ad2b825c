package toolkit

import (
	"context"
	"errors"

	"github.com/romanatrashyonok/kiln/internal/kernel/boot"
	"github.com/romanatrashyonok/kiln/internal/kernel/record"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// Boot extracts the chosen kernels that are built, boots each in QEMU, and prints the
// verdicts. All are booted before one that does not boot is an error, for which ExitCode
// is 1, or 2 where a kernel's configuration cannot run the init program that tests it; the
// reports are returned with it.
func (k *Kernels) Boot(ctx context.Context, c Choice) ([]KernelBoot, error) {
	var reports []KernelBoot
	err := eachBuilt(ctx, k, c, func(b *kernelTools, built KernelResult) error {
		files, err := b.Folder.Extract(ctx, built)
		if err != nil {
			return err
		}
		r, err := b.booter.Boot(ctx, files.Folder, boot.Limits{})
		if err != nil {
			return err
		}
		reports = append(reports, r)
		return b.printBoot(r)
	})
	return reports, errors.Join(err, bootFailures(reports))
}

// WriteJUnit writes the verdicts of Boot to a file as JUnit XML, for CI.
func WriteJUnit(path string, reports []KernelBoot) error { return boot.WriteJUnit(path, reports) }

// bootNew boots the kernels in folders of dist/kernels that have not booted yet. A kernel
// that cannot run the init program may be right as it is: it is reported, and no error.
func bootNew(ctx context.Context, k *Kernels, folders []string) error {
	b, err := k.builder(ctx)
	if err != nil {
		return err
	}
	var reports []KernelBoot
	for _, folder := range folders {
		r, before, err := b.booter.BootOnce(ctx, folder, boot.Limits{})
		if err != nil {
			return err
		}
		if before {
			k.p.console.Logf("boot %s: it has booted before", r)
		}
		if err := b.printBoot(r); err != nil {
			return err
		}
		if r.Verdict != boot.Untestable {
			reports = append(reports, r)
		}
	}
	return bootFailures(reports)
}

// printBoot prints the verdict on a kernel, after the kernel's warnings.
func (b *kernelTools) printBoot(r KernelBoot) error {
	for _, text := range r.Warnings {
		b.Console.Logf("boot %s: %s", r.Folder(), text)
		b.Console.Annotate(report.Annotation{Level: "warning", Title: "boot " + r.Folder(), Text: text})
	}
	b.Console.RecordOutcome(r.Folder(), "boot", r.Outcome())
	return b.Console.Result(r, r.String())
}

// bootFailures joins the errors of the kernels that did not boot.
func bootFailures(reports []KernelBoot) error {
	var failures []error
	for _, r := range reports {
		failures = append(failures, r.Err())
	}
	return errors.Join(failures...)
}

// Reproduce builds the chosen kernels a second time under different conditions, compares the
// artefacts byte by byte with dist/, and prints the outcome for each. A difference is an
// error, for which ExitCode is 1, after all kernels are compared.
func (k *Kernels) Reproduce(ctx context.Context, c Choice) ([]KernelReproduction, error) {
	var differences []error
	list, err := each(ctx, k, c, func(b *kernelTools, s spec.Spec) (KernelReproduction, error) {
		built, err := b.Build(ctx, s)
		if err != nil {
			return KernelReproduction{}, err
		}
		files, err := b.Folder.Extract(ctx, built)
		if err != nil {
			return KernelReproduction{}, err
		}
		r, err := b.Reproduce(ctx, s, files.Folder)
		if err != nil {
			return r, err
		}
		differences = append(differences, r.Err())
		k.p.console.RecordOutcome(built.Folder(), "second build", r.Outcome())
		return r, k.p.console.Result(r, r.String())
	})
	return list, errors.Join(err, errors.Join(differences...))
}

// Why prints the provenance of the kernels in dist/ whose folder's name begins with name, from
// the signed source to the booted image; all of them if name is "". It needs no engine.
func (k *Kernels) Why(name string) ([]KernelProvenance, error) {
	list, err := record.Why(result.FolderIn(k.p.path(Dist)), name)
	if err != nil {
		return nil, err
	}
	var damages []error
	for _, provenance := range list {
		if err := k.p.console.Result(provenance, provenance.String()); err != nil {
			return list, err
		}
		damages = append(damages, provenance.Err())
	}
	return list, errors.Join(damages...)
}
