package boot

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
)

// The accelerators.
const (
	KVM = "kvm" // the processor runs the kernel itself
	TCG = "tcg" // QEMU translates it
)

// Machine is an emulator that can boot kernels of an architecture.
type Machine struct {
	Program     string // how it is called
	Version     string // as it names itself: "QEMU emulator version 7.2.22"
	Where       string // "host" or inContainer
	Accelerator string // KVM or TCG
	// Emulate runs an argv in the folder dir until it ends or ctx does. What is in the
	// folder afterwards is what it left there.
	Emulate func(ctx context.Context, argv []string, dir string, stdout, stderr io.Writer) error
}

// OnHost finds the emulator of an architecture on this machine. One that is too old
// is not found.
func OnHost(ctx context.Context, a arch.Arch) (Machine, error) {
	program, err := exec.LookPath(a.QEMU.Binary)
	if err != nil {
		return Machine{}, err
	}
	text, err := exec.CommandContext(ctx, program, "--version").Output()
	if err != nil {
		return Machine{}, fmt.Errorf("ask %s for its version: %w", a.QEMU.Binary, err)
	}
	m := Machine{Program: program, Version: firstLine(string(text)), Where: "host", Accelerator: accelerator(a), Emulate: emulateHere}
	return m, checkAge(m.Version, a.QEMU.MinVersion)
}

// accelerator returns KVM where this machine's processor can run the architecture and
// this process may ask it to.
func accelerator(a arch.Arch) string {
	f, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err != nil {
		return TCG
	}
	f.Close()
	if slices.Contains(a.QEMU.Native, runtime.GOARCH) {
		return KVM
	}
	return TCG
}

var majorVersion = regexp.MustCompile(`version (\d+)\.`)

// checkAge wants a version of at least since.
func checkAge(version string, since int) error {
	m := majorVersion.FindStringSubmatch(version)
	if m == nil {
		return fmt.Errorf("%q names no version", version)
	}
	if major, err := strconv.Atoi(m[1]); err != nil || major < since {
		return fmt.Errorf("%s is older than %d", version, since)
	}
	return nil
}

func emulateHere(ctx context.Context, argv []string, dir string, stdout, stderr io.Writer) error {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = dir, stdout, stderr, diesWithParent()
	runtime.LockOSThread() // the kernel takes this thread for the parent
	defer runtime.UnlockOSThread()
	return cmd.Run()
}

// boxDir is the emulator's folder in its container.
const boxDir = "/machine"

// InContainer returns the emulator of an architecture in a container of an image that
// has it.
func InContainer(ctx context.Context, e *engine.Client, image string, a arch.Arch) (Machine, error) {
	m := Machine{Program: a.QEMU.Binary, Where: inContainer, Accelerator: TCG}
	ctr, err := startBox(ctx, e, image, a)
	if err != nil {
		return m, err
	}
	defer ctr.Remove()
	text, err := ctr.Output(ctx, engine.Command{Argv: []string{a.QEMU.Binary, "--version"}})
	if err != nil {
		return m, err
	}
	m.Version = firstLine(text)
	m.Emulate = func(ctx context.Context, argv []string, dir string, stdout, stderr io.Writer) error {
		return emulateInside(ctx, e, image, a, argv, dir, stdout, stderr)
	}
	return m, checkAge(m.Version, a.QEMU.MinVersion)
}

// inContainer is where a machine is that this one has no emulator for.
const inContainer = "container"

func startBox(ctx context.Context, e *engine.Client, image string, a arch.Arch) (*engine.Container, error) {
	return e.Run(ctx, engine.Spec{Image: image, Kind: "boot", Name: a.Name, Command: []string{"sleep", "infinity"}, Offline: true})
}

func emulateInside(ctx context.Context, e *engine.Client, image string, a arch.Arch, argv []string, dir string, stdout, stderr io.Writer) error {
	ctr, err := startBox(ctx, e, image, a)
	if err != nil {
		return err
	}
	defer ctr.Remove()
	if err := ctr.Put(ctx, "/", engine.File{Name: path.Base(boxDir), Mode: os.ModeDir | 0o755}); err != nil {
		return err
	}
	if err := ctr.PutFolder(ctx, boxDir, dir); err != nil {
		return err
	}
	if err := ctr.Exec(ctx, engine.Command{Argv: argv, Dir: boxDir, Stdout: stdout, Stderr: stderr}); err != nil {
		return err
	}
	return fault.Wrap(fault.Environment, ctr.Get(ctx, path.Join(boxDir, diskFile), dir))
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
