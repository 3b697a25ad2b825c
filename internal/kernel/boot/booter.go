package boot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// ReportFile is the name of the report of a boot, in the folder of the kernel.
const ReportFile = "boot.json"

// Images builds images with emulators.
type Images interface {
	// Emulator returns the id of the image with an emulator.
	Emulator(ctx context.Context, q arch.QEMU) (id string, err error)
}

// Booter boots extracted kernels.
type Booter struct {
	Engine  *engine.Client // for emulators in containers
	Images  Images
	Console *report.Console
	Init    InitProgram
}

// Boot boots the kernel in a folder of dist/kernels, compares the running kernel with the
// folder's manifest, and writes boot.json there. A kernel that does not boot is no error
// here: see Report.Err. A folder that differs from its manifest is one of class fault.Failed.
func (b *Booter) Boot(ctx context.Context, folder string, l Limits) (Report, error) {
	m, err := result.CheckFolder(folder)
	if err != nil {
		return Report{}, fmt.Errorf("boot kernel %s: %w", filepath.Base(folder), err)
	}
	a, err := arch.Find(m.Arch)
	if err != nil {
		return Report{}, fault.Wrap(fault.Failed, err)
	}
	r, err := b.bootKernel(ctx, m, a, folder, l)
	if err != nil {
		return r, err
	}
	r.Name, r.Version, r.Arch, r.Plan = m.Name, m.Version, m.Arch, m.Plan
	r.Image, r.InitHash = m.SumOf(path.Base(a.Image)), initHash(a)
	return r, report.Write(filepath.Join(folder, ReportFile), r)
}

// BootOnce calls Boot unless boot.json records that this kernel has booted. before reports
// whether it does: then r is that report.
func (b *Booter) BootOnce(ctx context.Context, folder string, l Limits) (r Report, before bool, err error) {
	if earlier, ok := booted(folder); ok {
		return earlier, true, nil
	}
	r, err = b.Boot(ctx, folder, l)
	return r, false, err
}

// booted returns the report in boot.json, and whether it is about the kernel in the folder
// and the kernel booted with the current init program.
func booted(folder string) (Report, bool) {
	var m plan.Manifest
	if report.Read(filepath.Join(folder, plan.ManifestFile), &m) != nil {
		return Report{}, false
	}
	a, err := arch.Find(m.Arch)
	if err != nil {
		return Report{}, false
	}
	r, err := ReadReport(folder, m.Plan, m.SumOf(path.Base(a.Image)))
	if err != nil || r == nil || r.Verdict != Booted || r.InitHash != initHash(a) {
		return Report{}, false
	}
	return *r, true
}

// ReadReport reads the boot.json of a folder. It returns nil if there is none, or if it is
// about a kernel with a different plan or image, which are given by their sha256: hash and
// image.
func ReadReport(folder, hash, image string) (*Report, error) {
	var r Report
	err := report.Read(filepath.Join(folder, ReportFile), &r)
	if errors.Is(err, fs.ErrNotExist) || err == nil && (r.Plan != hash || r.Image != image) {
		return nil, nil
	}
	return &r, err
}

// bootKernel boots the image in a folder. Without an emulator the verdict is NoQEMU, and
// without an option that the init program needs it is Untestable.
func (b *Booter) bootKernel(ctx context.Context, m plan.Manifest, a arch.Arch, folder string, l Limits) (Report, error) {
	k := Kernel{
		Arch: a, Image: filepath.Join(folder, path.Base(a.Image)), Release: m.Release, Time: plan.Stamp(m.Source.Time), Builder: "(kiln@kiln)",
		Config: m.Config.SHA256, Options: result.Options(folder),
	}
	if why := k.unmet(); why != "" && k.checkImage() == nil {
		return newReport(Untestable, why), nil
	}
	machine, err := b.Machine(ctx, a)
	if ctx.Err() != nil {
		return Report{}, ctx.Err()
	}
	if err != nil {
		return newReport(NoQEMU, err.Error()), nil
	}
	progress := b.Console.Progress("boot " + filepath.Base(folder))
	r, err := Boot(ctx, machine, k, l, b.Init, func(stage Stage, line string) { progress.Set(0, 0, string(stage)+": "+line) })
	if err != nil {
		progress.End("failed")
		return r, err
	}
	r.QEMU, r.Where = machine.Version, machine.Where
	if r.Accelerator != machine.Accelerator {
		b.Console.LogOnce("boot: %s cannot use %s on this machine; using %s", a.QEMU.Binary, machine.Accelerator, r.Accelerator)
	}
	progress.End(string(r.Verdict))
	return r, nil
}

// Machine returns an emulator for an architecture: the host's if it is new enough, else one
// in a container.
func (b *Booter) Machine(ctx context.Context, a arch.Arch) (Machine, error) {
	host, hostErr := hostMachine(ctx, a)
	if hostErr == nil {
		return host, nil
	}
	image, err := b.Images.Emulator(ctx, a.QEMU)
	if err == nil {
		b.Console.LogOnce("boot: running %s in a container (%v)", a.QEMU.Binary, hostErr)
		return containerMachine(ctx, b.Engine, image, a)
	}
	return host, fmt.Errorf("%v; in a container: %w", hostErr, err)
}
