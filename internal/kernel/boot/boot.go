// Package boot boots a kernel in an emulator and tests it by the report of its init program,
// not by the emulator's exit code, which is 0 after a panic too.
//
//	machine, err := booter.Machine(ctx, a)
//	report, err := boot.Boot(ctx, machine, boot.Kernel{Arch: a, Image: "bzImage"}, boot.Limits{}, init, nil)
//
// The init program is Kiln's own (cmd/bootinit), compiled for each architecture by the Go that
// runs Kiln. Nothing is downloaded.
package boot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/scratch"
)

// Kernel is the kernel to boot and what it must report. Empty fields are not compared.
type Kernel struct {
	Arch        arch.Arch
	Image       string            // path of the image on this machine
	Release     string            // expected output of uname -r
	Time        string            // of the build, expected in the output of uname -v
	Builder     string            // expected in /proc/version, as "(user@host)"
	Config      string            // expected sha256 of its configuration
	Options     map[string]string // its final configuration, by option
	CommandLine []string          // further words of its command line
}

// Limits are the time limits of a boot.
type Limits struct {
	Quiet time.Duration // without output; 0 is a minute
	Total time.Duration // in total; 0 is five minutes
}

const (
	quietDefault = time.Minute
	totalDefault = 5 * time.Minute
	offGrace     = 5 * time.Second // for powering off after the report
)

func (l Limits) withDefaults() Limits {
	if l.Quiet == 0 {
		l.Quiet = quietDefault
	}
	if l.Total == 0 {
		l.Total = totalDefault
	}
	return l
}

// Boot boots a kernel in a machine, with the init program, and returns the report. watch, if
// not nil, is called with each line that the machine prints.
// A kernel that does not boot is not an error: see Report.Err.
//
// Where an emulator fails with KVM before any output, as older ones do on newer kernels and in
// virtual machines, Boot tries again without KVM.
func Boot(ctx context.Context, m Machine, k Kernel, l Limits, program InitProgram, watch func(stage Stage, line string)) (Report, error) {
	r, err := boot(ctx, m, k, l, program, watch)
	if err == nil && r.Verdict == NoQEMU && m.Accelerator == KVM {
		m.Accelerator = TCG
		r, err = boot(ctx, m, k, l, program, watch)
	}
	r.Accelerator = m.Accelerator
	return r, err
}

func boot(ctx context.Context, m Machine, k Kernel, l Limits, program InitProgram, watch func(stage Stage, line string)) (Report, error) {
	if err := k.checkImage(); fault.Code(err) == int(fault.Environment) {
		return Report{}, err
	} else if err != nil {
		return newReport(WrongKernel, err.Error()), nil
	}
	dir, remove, err := scratch.Dir("boot")
	if err != nil {
		return Report{}, err
	}
	defer remove()
	if err := k.writeFiles(ctx, dir, program); err != nil {
		return Report{}, err
	}
	c := newConsole(time.Now, watch)
	ended := m.run(ctx, k, dir, c, l.withDefaults())
	if ctx.Err() != nil {
		return Report{}, ctx.Err()
	}
	if isEnvironment(ended) {
		return Report{}, fault.Wrap(fault.Environment, fmt.Errorf("boot in %s: %w", m.Version, ended))
	}
	diskLost := m.Where == inContainer && errors.Is(ended, errNotOff) // with the container: do not check it
	return c.report(k, ended, diskLost || diskWritten(dir)), nil
}

// isEnvironment reports whether a machine ended because of the environment, which says nothing
// about the kernel: the engine is gone, or the emulator was killed, as by the OOM killer.
func isEnvironment(ended error) bool {
	var here *exec.ExitError
	var inside *engine.ExitError
	return fault.Code(ended) == int(fault.Environment) || errors.As(ended, &here) && here.Error() == "signal: killed" ||
		errors.As(ended, &inside) && inside.Code == killedCode
}

// killedCode is the exit code in a container of a program that SIGKILL ended.
const killedCode = 128 + 9

// checkImage checks the first bytes of the image by its architecture's marks. That it cannot
// be read is an error of class fault.Environment.
func (k Kernel) checkImage() error {
	f, err := os.Open(k.Image)
	if err != nil {
		return err
	}
	defer f.Close()
	head := make([]byte, 68<<10)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return fault.Wrap(fault.Environment, fmt.Errorf("read the kernel: %w", err))
	}
	if err := k.Arch.Magic.Check(head[:n]); err != nil {
		return fmt.Errorf("%s is not a kernel for %s: %w", filepath.Base(k.Image), k.Arch.Name, err)
	}
	return nil
}

// writeFiles writes the emulator's input files to a folder.
func (k Kernel) writeFiles(ctx context.Context, dir string, program InitProgram) error {
	init, err := program.build(ctx, k.Arch)
	if err != nil {
		return err
	}
	if err := copyFile(filepath.Join(dir, kernelFile), k.Image); err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	if err := writeInitramfs(filepath.Join(dir, initrdFile), init); err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	return fault.Wrap(fault.Environment, writeDisk(filepath.Join(dir, diskFile)))
}

// run runs the machine until it ends or the console ends it.
func (m Machine) run(ctx context.Context, k Kernel, dir string, c *console, l Limits) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go c.enforce(ctx, l, stop)
	err := m.Emulate(ctx, argv(k, m), dir, c.lines(), &c.stderr)
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}
