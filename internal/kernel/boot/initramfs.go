package boot

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/cavaliergopher/cpio"

	"github.com/romanatrashyonok/kiln/cmd"
	"github.com/romanatrashyonok/kiln/internal/gobuild"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
)

// InitProgram compiles the init program that tests a kernel from inside (cmd/bootinit).
type InitProgram struct {
	Cache   string   // folder on this machine for what was compiled
	Environ []string // environment of the go command, as NAME=value
}

// bootInit returns the init program for an architecture.
func bootInit(a arch.Arch) gobuild.Program {
	return gobuild.Program{Name: "bootinit", Source: cmd.BootInit(), Arch: a.Name, GoEnv: a.GoEnv}
}

// initHash identifies the init program that tests a kernel of an architecture.
func initHash(a arch.Arch) string { return bootInit(a).Hash() }

// build returns the path of the init program for an architecture.
func (p InitProgram) build(ctx context.Context, a arch.Arch) (string, error) {
	return gobuild.Compiler{Cache: p.Cache, Environ: p.Environ}.Compile(ctx, bootInit(a))
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
