package boot

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/cavaliergopher/cpio"

	"github.com/romanatrashyonok/kiln/cmd"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/scratch"
)

// initModule is the go.mod of the init program, which imports only the standard library.
const initModule = "module kiln-init\n\ngo 1.24\n"

// InitProgram compiles the init program that tests a kernel from inside (cmd/bootinit).
type InitProgram struct {
	Cache   string   // folder on this machine for what was compiled
	Environ []string // environment of the go command, as NAME=value
}

// initHash identifies the init program that tests a kernel of an architecture: the sha256
// over its source and the toolchain that compiles it.
func initHash(a arch.Arch) string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %q %s\n", a.Name, a.GoEnv, runtime.Version())
	source := cmd.BootInit()
	fs.WalkDir(source, ".", func(name string, entry fs.DirEntry, err error) error { // embedded: cannot fail
		if err == nil && !entry.IsDir() {
			text, _ := fs.ReadFile(source, name)
			fmt.Fprintf(sum, "%s %d %s\n", name, len(text), text)
		}
		return err
	})
	return hex.EncodeToString(sum.Sum(nil))
}

// build returns the path of the init program for an architecture, and compiles it unless it
// is cached.
func (p InitProgram) build(ctx context.Context, a arch.Arch) (string, error) {
	program := filepath.Join(p.Cache, "init", a.Name+"-"+initHash(a)[:16])
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	source, remove, err := scratch.Dir("init")
	if err != nil {
		return "", err
	}
	defer remove()
	if err := os.CopyFS(source, cmd.BootInit()); err != nil {
		return "", fault.Wrap(fault.Environment, err)
	}
	if err := os.WriteFile(filepath.Join(source, "go.mod"), []byte(initModule), 0o644); err != nil {
		return "", fault.Wrap(fault.Environment, err)
	}
	if err := os.MkdirAll(filepath.Dir(program), 0o755); err != nil {
		return "", fault.Wrap(fault.Environment, err)
	}
	built := program + fmt.Sprintf(".%d", os.Getpid())
	if err := p.compile(ctx, a, source, built); err != nil {
		return "", err
	}
	return program, fault.Wrap(fault.Environment, os.Rename(built, program))
}

// compile compiles the folder source as a static program for an architecture.
func (p InitProgram) compile(ctx context.Context, a arch.Arch, source, program string) error {
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, ".")
	command.Dir = source
	command.Env = append(slices.Clone(p.Environ), "GOOS=linux", "GOARCH="+a.Name, "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local", "TMPDIR="+filepath.Dir(source))
	command.Env = append(command.Env, a.GoEnv...)
	out, err := command.CombinedOutput()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fault.New(fault.Environment, "install Go: its command compiles the init program that a booted kernel runs",
			"build the init program for %s: %w\n%s", a.Name, err, bytes.TrimSpace(out))
	}
	return nil
}

// writeInitramfs writes an initramfs with the init program and /dev/console, which that prints
// to: a kernel whose built-in initramfs is the user's own may have none.
func writeInitramfs(path, program string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	out := cpio.NewWriter(f)
	for _, dir := range []string{"proc", "sys", "dev", "tmp"} {
		if err := out.WriteHeader(&cpio.Header{Name: dir, Mode: cpio.TypeDir | 0o755, Links: 2}); err != nil {
			return err
		}
	}
	if err := writeDevice(f, "dev/console", 5, 1); err != nil {
		return err
	}
	text, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	if err := out.WriteHeader(&cpio.Header{Name: "init", Mode: cpio.TypeReg | 0o755, Links: 1, Size: int64(len(text))}); err != nil {
		return err
	}
	if _, err := out.Write(text); err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	return f.Close()
}

// writeDevice writes an entry of a cpio archive for a character device. The library does not
// write the device's number (newc format of cpio: the kernel's
// Documentation/driver-api/early-userspace/buffer-format.rst).
func writeDevice(w io.Writer, name string, major, minor int) error {
	entry := "070701"
	for _, field := range []int{0, int(cpio.TypeChar) | 0o600, 0, 0, 1, 0, 0, 0, 0, major, minor, len(name) + 1, 0} {
		entry += fmt.Sprintf("%08X", field)
	}
	entry += name + "\x00"
	for len(entry)%4 != 0 {
		entry += "\x00"
	}
	_, err := io.WriteString(w, entry)
	return err
}

func copyFile(dest, source string) error {
	in, err := os.Open(source)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(dest)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
