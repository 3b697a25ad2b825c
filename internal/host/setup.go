package host

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// Installer installs dependencies and starts an engine on this machine.
type Installer struct {
	Console *report.Console
	Environ []string // environment of the commands and of the engine, as NAME=value
	// Probe returns nil where an engine answers, on this machine or elsewhere.
	Probe func(context.Context) error
}

// Setup installs and starts what is missing, and logs what it did. Where an engine answers
// none is installed. Setup installs by apt, as root, on Debian and Ubuntu; elsewhere the
// error, of class fault.Environment, has the commands as its fix.
func (i Installer) Setup(ctx context.Context, deps []Dependency) error {
	answers := i.Probe(ctx) == nil
	if !answers {
		deps = append([]Dependency{engine()}, deps...)
	}
	absent := missing(deps)
	if len(absent) > 0 {
		if err := i.install(ctx, absent); err != nil {
			return err
		}
	}
	if !answers {
		if err := i.startEngine(ctx); err != nil {
			return err
		}
	}
	if answers && len(absent) == 0 {
		i.Console.Logf("setup: nothing is missing")
	}
	return nil
}

// missing returns the dependencies that are not installed.
func missing(deps []Dependency) (list []Dependency) {
	for _, d := range deps {
		if _, ok := lookPath(d.Program); !ok {
			list = append(list, d)
		}
	}
	return list
}

// install installs dependencies by apt. Their services are not started: tests start the
// registry and the web server themselves, and Setup starts the engine.
func (i Installer) install(ctx context.Context, deps []Dependency) error {
	s := readSystem("/")
	if !s.debian() || os.Geteuid() != 0 {
		packages := packagesOf(deps)
		return fault.New(fault.Environment, s.installCommands(packages),
			"set up this machine: missing packages %s can be installed automatically only as root on Debian or Ubuntu", strings.Join(packages, ", "))
	}
	if err := i.refreshLists(ctx); err != nil {
		return err
	}
	packages := packagesOf(i.available(ctx, deps))
	if len(packages) == 0 || ctx.Err() != nil {
		return ctx.Err()
	}
	progress := i.Console.Progress("setup: install " + strings.Join(packages, ", "))
	if err := i.apt(ctx, packages); err != nil {
		progress.End("failed")
		return err
	}
	progress.End("installed")
	return nil
}

// packagesOf returns the packages of dependencies, each once.
func packagesOf(deps []Dependency) (packages []string) {
	for _, d := range deps {
		for _, each := range d.Packages {
			if !slices.Contains(packages, each) {
				packages = append(packages, each)
			}
		}
	}
	return packages
}

// available leaves out the optional dependencies that this distribution does not have,
// and logs them.
func (i Installer) available(ctx context.Context, deps []Dependency) (list []Dependency) {
	for _, d := range deps {
		if d.Optional && i.command(ctx, append([]string{"apt-cache", "show", "--no-all-versions"}, d.Packages...)...) != nil {
			i.Console.Logf("setup: this distribution has no %s: %s", strings.Join(d.Packages, " or "), d.For)
			continue
		}
		list = append(list, d)
	}
	return list
}

// listAge is the age from which apt's package lists are fetched again.
const listAge = 24 * time.Hour

// refreshLists fetches apt's package lists where they are old.
func (i Installer) refreshLists(ctx context.Context) error {
	if !listsAreOld("/var/lib/apt/lists", time.Now()) {
		return nil
	}
	return i.aptGet(ctx, "update")
}

// apt installs packages.
func (i Installer) apt(ctx context.Context, packages []string) error {
	release, err := blockServices("/usr/sbin/policy-rc.d")
	if err != nil {
		return err
	}
	defer release()
	words := append([]string{"install", "-y", "--no-install-recommends"}, packages...)
	if err = i.aptGet(ctx, words...); err == nil || ctx.Err() != nil {
		return err
	}
	if e := i.aptGet(ctx, "update"); e != nil { // the lists may name versions that are gone
		return errors.Join(err, e)
	}
	return i.aptGet(ctx, words...)
}

// aptGet runs apt-get. A running apt is waited for, two minutes at most.
func (i Installer) aptGet(ctx context.Context, words ...string) error {
	return i.command(ctx, append([]string{"apt-get", "-q", "-o", "DPkg::Lock::Timeout=120"}, words...)...)
}

// listsAreOld reports whether apt has no package lists, or has not fetched them for a day.
func listsAreOld(dir string, now time.Time) bool {
	files, _ := filepath.Glob(filepath.Join(dir, "*_Packages*"))
	for _, f := range files {
		if info, err := os.Stat(filepath.Dir(f)); err == nil {
			return now.Sub(info.ModTime()) > listAge
		}
	}
	return true
}

// blockServices keeps packages from starting their services while they are installed
// (invoke-rc.d asks policy-rc.d; exit code 101 forbids it), until release is called. A
// policy that the machine has already is not changed.
func blockServices(path string) (release func(), err error) {
	if _, err := os.Lstat(path); err == nil {
		return func() {}, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(fault.Environment, err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\nexit 101\n"), 0o755); err != nil {
		return nil, fault.Wrap(fault.Environment, err)
	}
	return func() { os.Remove(path) }, nil
}
