package kernel

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/boot"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// bootFile is where a kernel's boot is recorded, beside it.
const bootFile = "boot.json"

// Boot boots a kernel that lies in a folder of dist/kernels, compares what runs with
// the folder's manifest, and writes boot.json there. A kernel that does not boot is
// no error here: see boot.Report.Err.
func (w *Builder) Boot(ctx context.Context, folder string, l boot.Limits) (boot.Report, error) {
	m, err := checkFolder(folder)
	if err != nil {
		return boot.Report{}, fmt.Errorf("boot kernel %s: %w", filepath.Base(folder), err)
	}
	a, err := arch.Find(m.Arch)
	if err != nil {
		return boot.Report{}, fault.Wrap(fault.Failed, err)
	}
	r, err := w.bootKernel(ctx, m, a, folder, l)
	if err != nil {
		return r, err
	}
	r.Name, r.Version, r.Arch, r.Plan = m.Name, m.Version, m.Arch, m.Plan
	r.Image, r.InitHash = m.sumOf(path.Base(a.Image)), boot.InitHash(a)
	return r, report.Write(filepath.Join(folder, bootFile), r)
}

// BootOnce is Boot, unless boot.json says of this very kernel that it has booted.
func (w *Builder) BootOnce(ctx context.Context, folder string, l boot.Limits) (r boot.Report, before bool, err error) {
	record, err := readRecord(folder)
	if b := record.Boot; err == nil && b != nil && b.Verdict == boot.Booted {
		if a, err := arch.Find(b.Arch); err == nil && b.InitHash == boot.InitHash(a) {
			return *b, true, nil
		}
	}
	r, err = w.Boot(ctx, folder, l)
	return r, false, err
}

// bootKernel boots the image of a folder.
func (w *Builder) bootKernel(ctx context.Context, m Manifest, a arch.Arch, folder string, l boot.Limits) (boot.Report, error) {
	machine, err := w.machine(ctx, a)
	if ctx.Err() != nil {
		return boot.Report{}, ctx.Err()
	}
	if err != nil {
		return boot.Report{Schema: boot.Schema, Verdict: boot.NoQEMU, Stage: boot.StageNone, Why: err.Error(), Checks: []boot.Check{}, Tail: []string{}}, nil
	}
	progress := w.Console.Progress("boot " + filepath.Base(folder))
	r, err := boot.Boot(ctx, machine, boot.Kernel{
		Arch: a, Image: filepath.Join(folder, path.Base(a.Image)), Release: m.Release,
		VersionParts: []string{"(kiln@kiln)", stamp(m.Source.Time)}, Config: m.Config.SHA256, Options: optionsOf(folder),
	}, l, w.Sources.Cache, func(stage boot.Stage, line string) { progress.Set(0, 0, string(stage)+": "+line) })
	if err != nil {
		progress.End("failed")
		return r, err
	}
	r.QEMU, r.Where = machine.Version, machine.Where
	if r.Accelerator != machine.Accelerator {
		w.Console.LogOnce("boot: %s cannot use this machine's %s: %s", a.QEMU.Binary, machine.Accelerator, r.Accelerator)
	}
	progress.End(string(r.Verdict))
	return r, nil
}

// optionsOf reads the final configuration of a kernel that was extracted.
func optionsOf(folder string) map[string]string {
	text, _ := os.ReadFile(filepath.Join(folder, "config")) // it was compared with the manifest
	options, _ := kconfig.Parse("config", string(text))     // the kernel's own tools wrote it
	return kconfig.Values(options)
}

// machine gives an emulator for an architecture: of this machine where that has one
// that is new enough, else in a container.
func (w *Builder) machine(ctx context.Context, a arch.Arch) (boot.Machine, error) {
	host, missing := boot.OnHost(ctx, a)
	if missing == nil {
		return host, nil
	}
	image, err := w.images.Emulator(ctx, a.QEMU)
	if err == nil {
		w.Console.LogOnce("boot: %s in a container (%v)", a.QEMU.Binary, missing)
		return boot.InContainer(ctx, w.Engine, image, a)
	}
	return host, fmt.Errorf("%v; and in a container: %w", missing, err)
}

// stamp writes a time of build as date(1) does: the kernel shows it as it is written.
func stamp(seconds int64) string {
	return time.Unix(seconds, 0).UTC().Format("Mon Jan _2 15:04:05 UTC 2006")
}
