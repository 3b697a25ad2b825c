// Package boot starts a kernel in an emulator and judges it by what its first program
// reports: not by the emulator's exit code, which a panic leaves at 0.
//
//	machine, err := boot.FindHost(ctx, a)
//	report, err := boot.Boot(ctx, machine, boot.Kernel{Arch: a, Image: "bzImage"}, boot.Limits{}, cache, nil)
//
// The first program is one of Kiln's own (the folder init), built on the spot for each
// architecture by the Go that runs Kiln. Nothing is downloaded.
package boot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
)

// Kernel is what is booted, and what it must turn out to be. What is empty is not
// compared.
type Kernel struct {
	Arch         arch.Arch
	Image        string            // its path on this machine
	Release      string            // what uname -r must say
	VersionParts []string          // what must stand in /proc/version
	Config       string            // sha256 of its configuration
	Options      map[string]string // its final configuration, by option
	CommandLine  []string          // more for its command line
}

// Limits is how long a machine may take.
type Limits struct {
	Quiet time.Duration // without a word; 0 is a minute
	Total time.Duration // for all of it; 0 is five minutes
}

// The limits where none are given, and how long a machine may take to go off once its
// report is there.
const (
	quietDefault = time.Minute
	totalDefault = 5 * time.Minute
	offGrace     = 5 * time.Second
)

func (l Limits) filled() Limits {
	if l.Quiet == 0 {
		l.Quiet = quietDefault
	}
	if l.Total == 0 {
		l.Total = totalDefault
	}
	return l
}

// Boot boots a kernel in a machine and returns the verdict. cache is a folder of this
// machine for the first program; watch, if not nil, is told of each line that the
// machine prints. A kernel that does not boot is no error: see Report.Err.
//
// A machine whose emulator ends without a word over KVM, as older ones do on newer kernels
// and within other machines, is emulated.
func Boot(ctx context.Context, m Machine, k Kernel, l Limits, cache string, watch func(stage Stage, line string)) (Report, error) {
	r, err := boot(ctx, m, k, l, cache, watch)
	if err == nil && r.Verdict == NoQEMU && m.Accelerator == KVM {
		m.Accelerator = TCG
		r, err = boot(ctx, m, k, l, cache, watch)
	}
	r.Accelerator = m.Accelerator
	return r, err
}

func boot(ctx context.Context, m Machine, k Kernel, l Limits, cache string, watch func(stage Stage, line string)) (Report, error) {
	if err := k.checkImage(); err != nil {
		return Report{Schema: Schema, Verdict: WrongKernel, Stage: StageNone, Why: err.Error(), Checks: []Check{}, Tail: []string{}}, nil
	}
	dir, err := os.MkdirTemp("", "kiln-boot-")
	if err != nil {
		return Report{}, fault.Wrap(fault.Environment, err)
	}
	defer os.RemoveAll(dir)
	if err := k.lay(ctx, dir, cache); err != nil {
		return Report{}, err
	}
	c := newConsole(time.Now, watch)
	ended := m.run(ctx, k, dir, c, l.filled())
	if ctx.Err() != nil {
		return Report{}, ctx.Err()
	}
	if outside(ended) {
		return Report{}, fault.Wrap(fault.Environment, fmt.Errorf("boot in %s: %w", m.Version, ended))
	}
	gone := m.Where == inContainer && errors.Is(ended, errNotOff) // and its disk with it: nothing can be said of that
	return c.report(k, ended, gone || answered(dir)), nil
}

// outside reports whether a machine was ended by its surroundings, of which nothing follows
// for the kernel: the engine is gone, or something has killed the emulator, as the want of
// memory does.
func outside(ended error) bool {
	var here *exec.ExitError
	var inside *engine.ExitError
	return fault.Code(ended) == int(fault.Environment) || errors.As(ended, &here) && here.Error() == "signal: killed" ||
		errors.As(ended, &inside) && inside.Code == killedCode
}

// killedCode is the exit code of a program in a container that SIGKILL has ended.
const killedCode = 128 + 9

// checkImage compares the first bytes of the image with its architecture's.
func (k Kernel) checkImage() error {
	f, err := os.Open(k.Image)
	if err != nil {
		return err
	}
	defer f.Close()
	head := make([]byte, 68<<10)
	n, _ := f.Read(head)
	if err := k.Arch.Magic.Check(head[:n]); err != nil {
		return fmt.Errorf("%s is no kernel for %s: %w", filepath.Base(k.Image), k.Arch.Name, err)
	}
	return nil
}

// lay puts the files that the emulator is given into a folder.
func (k Kernel) lay(ctx context.Context, dir, cache string) error {
	program, err := buildInit(ctx, k.Arch, cache)
	if err != nil {
		return err
	}
	if err := copyFile(filepath.Join(dir, kernelFile), k.Image); err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	if err := writeInitramfs(filepath.Join(dir, initrdFile), program); err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	return fault.Wrap(fault.Environment, writeDisk(filepath.Join(dir, diskFile)))
}

// run runs the machine until it ends, or until the console says that it may.
func (m Machine) run(ctx context.Context, k Kernel, dir string, c *console, l Limits) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go c.guard(ctx, l, stop)
	err := m.Emulate(ctx, argv(k, m), dir, c.lines(), &c.complaints)
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}
