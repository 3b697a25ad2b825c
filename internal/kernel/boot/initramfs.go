package boot

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/cavaliergopher/cpio"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/scratch"
)

// initSource is the first program.
//
//go:embed init/*.go
var initSource embed.FS

// initModule makes a module of it, of the standard library alone.
const initModule = "module kiln-init\n\ngo 1.24\n"

// InitHash names the first program that a kernel of an architecture is proven by: the
// sha256 of its source and of what it is built with.
func InitHash(a arch.Arch) string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %q %s\n", a.Name, a.GoEnv, runtime.Version())
	fs.WalkDir(initSource, ".", func(name string, entry fs.DirEntry, err error) error { // cannot fail: it is in this program
		if err == nil && !entry.IsDir() {
			text, _ := initSource.ReadFile(name)
			fmt.Fprintf(sum, "%s %d %s\n", name, len(text), text)
		}
		return err
	})
	return hex.EncodeToString(sum.Sum(nil))
}

// buildInit returns the path of the first program for an architecture, out of the folder
// cache, or built into it.
func buildInit(ctx context.Context, a arch.Arch, cache string) (string, error) {
	program := filepath.Join(cache, "init", a.Name+"-"+InitHash(a)[:16])
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	dir, remove, err := scratch.Dir("init")
	if err != nil {
		return "", err
	}
	defer remove()
	if err := os.CopyFS(dir, initSource); err != nil {
		return "", fault.Wrap(fault.Environment, err)
	}
	source := filepath.Join(dir, "init")
	if err := os.WriteFile(filepath.Join(source, "go.mod"), []byte(initModule), 0o644); err != nil {
		return "", fault.Wrap(fault.Environment, err)
	}
	if err := os.MkdirAll(filepath.Dir(program), 0o755); err != nil {
		return "", fault.Wrap(fault.Environment, err)
	}
	built := program + fmt.Sprintf(".%d", os.Getpid())
	if err := goBuild(ctx, a, source, built); err != nil {
		return "", err
	}
	return program, fault.Wrap(fault.Environment, os.Rename(built, program))
}

// goBuild compiles a static program for an architecture.
func goBuild(ctx context.Context, a arch.Arch, source, program string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, ".")
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+a.Name, "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local", "TMPDIR="+filepath.Dir(source))
	cmd.Env = append(cmd.Env, a.GoEnv...)
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fault.New(fault.Environment, "check that the go command works: it builds the init that a booted kernel runs",
			"build the init for %s: %w\n%s", a.Name, err, bytes.TrimSpace(out))
	}
	return nil
}

// writeInitramfs packs the first program as an initramfs (the newc format of cpio:
// the kernel's Documentation/driver-api/early-userspace/buffer-format.rst). The
// console that it speaks on is in the kernel's own.
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
