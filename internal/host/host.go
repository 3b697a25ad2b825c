// Package host knows the machine that Kiln runs on: what it has and lacks, how to
// install it, and how to start an engine where no init system does.
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
	Program  string   // that is there when the piece is
	Packages []string // of Debian and Ubuntu, that bring it
	For      string   // what it serves
	Optional bool     // there is another way where it cannot be had
}

// Dependencies gives what setup installs, besides the engine. qemu names the programs
// and packages of the architectures that are built, as "qemu-system-x86_64".
func Dependencies(qemu map[string][]string) []Dependency {
	pieces := []Dependency{
		{Name: "mmdebstrap", Program: "mmdebstrap", Packages: []string{"mmdebstrap"}, For: "makes base images where no registry can be reached"},
		{Name: "registry", Program: "docker-registry", Packages: []string{"docker-registry"}, For: "tests push to it"},
		{Name: "git", Program: "git", Packages: []string{"git"}, For: "tells which commit an image was made of"},
	}
	for _, program := range slices.Sorted(maps.Keys(qemu)) {
		pieces = append(pieces, Emulator(program, qemu[program]))
	}
	return pieces
}

// Browser gives what the tests of the pages need, and nobody else.
func Browser() []Dependency {
	return []Dependency{
		{Name: "browser", Program: "chromium", Packages: []string{"chromium"}, For: "tests look at pages with it"},
		{Name: "npm", Program: "npm", Packages: []string{"npm"}, For: "tests get axe-core by it, which audits pages"},
	}
}

// Load gives what puts load on a server, for the benchmarks.
func Load() []Dependency {
	return []Dependency{{Name: "load", Program: "wrk", Packages: []string{"wrk"}, For: "the benchmark of the site's server"}}
}

// Emulator is the piece that boots kernels of an architecture here. Without it they
// boot in a container.
func Emulator(program string, packages []string) Dependency {
	return Dependency{Name: "QEMU", Program: program, Packages: packages, For: "kernels boot in a container without it", Optional: true}
}

// engine is the piece that a Docker engine on this machine is.
func engine() Dependency {
	return Dependency{Name: "engine", Program: "dockerd", Packages: []string{"docker.io"}, For: "builds and runs everything"}
}

// find gives the path of a program, also from the folders that only root's PATH
// has; ok is false where it is not installed.
func find(program string) (path string, ok bool) {
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

// debian tells whether packages come by apt.
func (s system) debian() bool {
	return strings.Contains(" "+s.id+" "+s.like+" ", " debian ")
}

// byHand gives the commands that install packages, for a person to run.
func (s system) byHand(packages []string) string {
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

// command runs a command of the machine. Its output is kept back unless it fails.
func command(ctx context.Context, argv ...string) error {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	err := cmd.Run()
	if err != nil && ctx.Err() == nil {
		return fault.New(fault.Environment, "", "%s: %w\n%s", strings.Join(argv, " "), err, tail(output.String(), 25))
	}
	return errors.Join(err, ctx.Err())
}

// tail gives the last lines of a text.
func tail(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
