// Package gobuild compiles the programs that Kiln runs elsewhere, in a booted kernel or in a
// container, for the architecture they run on. Their source travels in Kiln's binary
// (package cmd).
package gobuild

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/scratch"
)

// Program is a static Linux program.
type Program struct {
	Name     string   // as "bootinit": its folder in cmd/
	Source   fs.FS    // files of package main
	Packages fs.FS    // files of Kiln's internal packages that it imports; nil if only the standard library
	Arch     string   // GOARCH
	GoEnv    []string // environment of the go command besides GOARCH, as GOARM=7
}

// Hash identifies what Compile makes: the sha256, in hexadecimal, over the source and the
// toolchain.
func (p Program) Hash() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %q %s\n", p.Arch, p.GoEnv, runtime.Version())
	p.files(func(name string, text []byte) error {
		fmt.Fprintf(sum, "%s %d %s\n", name, len(text), text)
		return nil
	})
	return hex.EncodeToString(sum.Sum(nil))
}

// Compiler runs the go command of this machine.
type Compiler struct {
	Cache   string   // folder on this machine for what was compiled
	Environ []string // environment of the go command, as NAME=value
}

// Compile returns the path of the program, and compiles it unless it is cached. An error is
// of class fault.Environment.
func (c Compiler) Compile(ctx context.Context, p Program) (string, error) {
	program := filepath.Join(c.Cache, "programs", p.Name+"-"+p.Arch+"-"+p.Hash()[:16])
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	source, remove, err := scratch.Dir(p.Name)
	if err != nil {
		return "", err
	}
	defer remove()
	if err := p.write(source); err != nil {
		return "", fault.Wrap(fault.Environment, err)
	}
	if err := os.MkdirAll(filepath.Dir(program), 0o755); err != nil {
		return "", fault.Wrap(fault.Environment, err)
	}
	built := program + "." + filepath.Base(filepath.Dir(source)) // unique
	if err := c.build(ctx, p, source, built); err != nil {
		return "", err
	}
	return program, fault.Wrap(fault.Environment, os.Rename(built, program))
}

// build compiles the program in the module in the folder source.
func (c Compiler) build(ctx context.Context, p Program, source, program string) error {
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, "./"+p.folder())
	command.Dir = source
	command.Env = append(slices.Clone(c.Environ), "GOOS=linux", "GOARCH="+p.Arch, "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local", "TMPDIR="+filepath.Dir(source))
	command.Env = append(command.Env, p.GoEnv...)
	out, err := command.CombinedOutput()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fault.New(fault.Environment, "install Go: its command compiles the programs that Kiln runs in containers and kernels",
			"compile %s for %s: %w\n%s", p.Name, p.Arch, err, bytes.TrimSpace(out))
	}
	return nil
}
