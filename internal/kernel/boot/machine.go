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
	KVM = "kvm" // the machine's own processor runs the kernel
	TCG = "tcg" // QEMU emulates the processor
)

// Machine is an emulator that can boot kernels of an architecture.
type Machine struct {
	Program     string // path or name of the executable
	Version     string // as "QEMU emulator version 7.2.22"
	Where       string // "host" or inContainer
	Accelerator string // KVM or TCG
	// Emulate runs the emulator, argv, in the folder dir until it or ctx ends. Afterwards dir
	// has the disk as the machine left it.
	Emulate func(ctx context.Context, argv []string, dir string, stdout, stderr io.Writer) error
}

// hostMachine returns the emulator of an architecture that is installed on this machine. One that
// is too old is an error.
func hostMachine(ctx context.Context, a arch.Arch) (Machine, error) {
	program, err := exec.LookPath(a.QEMU.Binary)
	if err != nil {
		return Machine{}, err
	}
	text, err := exec.CommandContext(ctx, program, "--version").Output()
	if err != nil {
		return Machine{}, fmt.Errorf("query version of %s: %w", a.QEMU.Binary, err)
	}
	m := Machine{Program: program, Version: firstLine(string(text)), Where: "host", Accelerator: accelerator(a), Emulate: emulateOnHost}
	return m, checkVersion(m.Version, a.QEMU.MinVersion)
}

// accelerator returns KVM if this machine's processor can run the architecture and this
// process may use /dev/kvm, else TCG.
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

// checkVersion checks that the major version is at least minVersion.
func checkVersion(version string, minVersion int) error {
	m := majorVersion.FindStringSubmatch(version)
	if m == nil {
		return fmt.Errorf("%q has no version", version)
	}
	if major, err := strconv.Atoi(m[1]); err != nil || major < minVersion {
		return fmt.Errorf("%s is older than version %d", version, minVersion)
	}
	return nil
}

func emulateOnHost(ctx context.Context, argv []string, dir string, stdout, stderr io.Writer) error {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = dir, stdout, stderr, diesWithParent()
	runtime.LockOSThread() // this thread counts as the parent
	defer runtime.UnlockOSThread()
	return cmd.Run()
}

// machineDir is the emulator's folder in its container.
const machineDir = "/machine"

// containerMachine returns the emulator of an architecture in a container of an image that has
// it. Each boot starts a container of its own.
func containerMachine(ctx context.Context, e *engine.Client, image string, a arch.Arch) (Machine, error) {
	m := Machine{Program: a.QEMU.Binary, Where: inContainer, Accelerator: TCG}
	ctr, err := startContainer(ctx, e, image, a)
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
		return emulateInContainer(ctx, e, image, a, argv, dir, stdout, stderr)
	}
	return m, checkVersion(m.Version, a.QEMU.MinVersion)
}

// inContainer is Machine.Where of an emulator in a container.
const inContainer = "container"

func startContainer(ctx context.Context, e *engine.Client, image string, a arch.Arch) (*engine.Container, error) {
	return e.Run(ctx, engine.Spec{Image: image, Kind: "boot", Name: a.Name, Command: []string{"sleep", "infinity"}, Offline: true})
}

func emulateInContainer(ctx context.Context, e *engine.Client, image string, a arch.Arch, argv []string, dir string, stdout, stderr io.Writer) error {
	ctr, err := startContainer(ctx, e, image, a)
	if err != nil {
		return err
	}
	defer ctr.Remove()
	if err := ctr.Put(ctx, "/", engine.File{Name: path.Base(machineDir), Mode: os.ModeDir | 0o755}); err != nil {
		return err
	}
	if err := ctr.PutFolder(ctx, machineDir, dir); err != nil {
		return err
	}
	if err := ctr.Exec(ctx, engine.Command{Argv: argv, Dir: machineDir, Stdout: stdout, Stderr: stderr}); err != nil {
		return err
	}
	return fault.Wrap(fault.Environment, ctr.Get(ctx, path.Join(machineDir, diskFile), dir))
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
