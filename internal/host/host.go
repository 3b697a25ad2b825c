// Package host checks the machine that Kiln runs on, installs what is missing, and starts
// an engine where no init system does.
package host

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// Dependency is something that Kiln or its tests need on the machine.
type Dependency struct {
	Name     string
	Program  string   // the dependency is installed where this program is
	Packages []string // of Debian and Ubuntu, which contain it
	For      string   // what it is used for
	Optional bool     // Kiln has a fallback without it
}

// Dependencies returns what setup installs besides the engine. qemu holds the packages of
// the emulators for the architectures that are built, by program ("qemu-system-x86_64").
func Dependencies(qemu map[string][]string) []Dependency {
	deps := []Dependency{
		{Name: "mmdebstrap", Program: "mmdebstrap", Packages: []string{"mmdebstrap"}, For: "makes base images where no registry is reachable"},
		{Name: "registry", Program: "docker-registry", Packages: []string{"docker-registry"}, For: "tests push to it"},
		{Name: "git", Program: "git", Packages: []string{"git"}, For: "finds the commit that an image is made from"},
	}
	for _, program := range slices.Sorted(maps.Keys(qemu)) {
		deps = append(deps, Emulator(program, qemu[program]))
	}
	return deps
}

// Tests returns what only the tests need.
func Tests() []Dependency {
	return []Dependency{
		{Name: "browser", Program: "chromium", Packages: []string{"chromium"}, For: "tests open pages in it"},
		{Name: "npm", Program: "npm", Packages: []string{"npm"}, For: "tests install axe-core with it, which audits pages"},
		{Name: "ssh", Program: "ssh", Packages: []string{"openssh-client"}, For: "tests reach an engine over ssh"},
		{Name: "xz", Program: "xz", Packages: []string{"xz-utils"}, For: "tests compress patches and sources with it"},
		{Name: "bzip2", Program: "bzip2", Packages: []string{"bzip2"}, For: "tests compress patches and sources with it"},
		{Name: "zstd", Program: "zstd", Packages: []string{"zstd"}, For: "tests compress patches and sources with it"},
	}
}

// Emulator returns the dependency that boots kernels of an architecture on this machine.
// Without it they boot in a container.
func Emulator(program string, packages []string) Dependency {
	return Dependency{Name: "QEMU", Program: program, Packages: packages, For: "without it, kernels boot in a container", Optional: true}
}

// engine returns the dependency for a Docker engine on this machine.
func engine() Dependency {
	return Dependency{Name: "engine", Program: "dockerd", Packages: []string{"docker.io"}, For: "builds and runs everything"}
}

// lookPath returns the path of a program, also from the folders that only root's PATH
// has; ok is false where it is not installed.
func lookPath(program string) (path string, ok bool) {
	if path, err := exec.LookPath(program); err == nil {
		return path, true
	}
	for _, dir := range []string{"/usr/local/sbin", "/usr/sbin", "/sbin"} {
		path := filepath.Join(dir, program)
		if info, err := os.Stat(path); err == nil && info.Mode()&0o111 != 0 {
			return path, true
		}
	}
	return "", false
}

// system is the operating system, by os-release(5).
type system struct{ id, like string }

func readSystem(root string) system {
	text, _ := os.ReadFile(filepath.Join(root, "etc/os-release"))
	var s system
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.Trim(value, `"`)
		switch name {
		case "ID":
			s.id = value
		case "ID_LIKE":
			s.like = value
		}
	}
	return s
}

// debian reports whether apt installs the system's packages.
func (s system) debian() bool {
	return strings.Contains(" "+s.id+" "+s.like+" ", " debian ")
}

// installCommands returns the shell commands that install packages.
func (s system) installCommands(packages []string) string {
	list := strings.Join(packages, " ")
	switch {
	case s.debian():
		return "sudo apt-get update && sudo apt-get install --no-install-recommends " + list
	case strings.Contains(s.id+s.like, "fedora"), strings.Contains(s.id+s.like, "rhel"):
		return "sudo dnf install docker qemu-system-x86 qemu-system-aarch64 && sudo systemctl start docker"
	case s.id == "arch", s.like == "arch":
		return "sudo pacman -S docker qemu-full && sudo systemctl start docker"
	}
	return "install and start a Docker engine (20.10 or newer) and QEMU; on Debian: apt-get install " + list
}

// command runs a command. Its output is shown only where it fails, in the error.
func (i Installer) command(ctx context.Context, argv ...string) error {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(slices.Clone(i.Environ), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	err := cmd.Run()
	if err != nil && ctx.Err() == nil {
		return fault.New(fault.Environment, "", "%s: %w\n%s", strings.Join(argv, " "), err, tail(output.String(), 25))
	}
	return errors.Join(err, ctx.Err())
}

// tail returns the last lines of a text.
func tail(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
