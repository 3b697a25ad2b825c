package host

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// Setup installs and starts what is missing, and says what it did. probe asks
// whether an engine answers, wherever it is: if one does, none is installed here.
// On Debian and Ubuntu it needs root; elsewhere the error gives the commands.
func Setup(ctx context.Context, c *report.Console, pieces []Dependency, probe func(context.Context) error) error {
	answers := probe(ctx) == nil
	if !answers {
		pieces = append([]Dependency{engine()}, pieces...)
	}
	lacking := missing(pieces)
	if len(lacking) > 0 {
		if err := install(ctx, c, lacking); err != nil {
			return err
		}
	}
	if !answers {
		if err := startEngine(ctx, c, probe); err != nil {
			return err
		}
	}
	if answers && len(lacking) == 0 {
		c.Logf("setup: nothing is missing")
	}
	return nil
}

// missing gives the pieces that are not there.
func missing(pieces []Dependency) (list []Dependency) {
	for _, p := range pieces {
		if _, ok := find(p.Program); !ok {
			list = append(list, p)
		}
	}
	return list
}

// install installs pieces by apt, without starting the services in them: a registry
// and a web server are here for tests to start, and the engine is started below.
func install(ctx context.Context, c *report.Console, pieces []Dependency) error {
	s := readSystem("/")
	if !s.debian() || os.Geteuid() != 0 {
		packages := packagesOf(pieces)
		return fault.New(fault.Environment, s.byHand(packages),
			"set up this machine: it lacks %s, and only root on Debian or Ubuntu can have them installed by this", strings.Join(packages, ", "))
	}
	if err := refreshLists(ctx); err != nil {
		return err
	}
	packages := packagesOf(obtainable(ctx, c, pieces))
	if len(packages) == 0 || ctx.Err() != nil {
		return ctx.Err()
	}
	progress := c.Progress("setup: install " + strings.Join(packages, ", "))
	if err := apt(ctx, packages); err != nil {
		progress.End("failed")
		return err
	}
	progress.End("installed")
	return nil
}

// packagesOf gives the packages of pieces, each once.
func packagesOf(pieces []Dependency) (packages []string) {
	for _, p := range pieces {
		for _, each := range p.Packages {
			if !slices.Contains(packages, each) {
				packages = append(packages, each)
			}
		}
	}
	return packages
}

// obtainable leaves out the optional pieces that this distribution does not have, and
// says so.
func obtainable(ctx context.Context, c *report.Console, pieces []Dependency) (list []Dependency) {
	for _, p := range pieces {
		if p.Optional && exec.CommandContext(ctx, "apt-cache", append([]string{"show", "--no-all-versions"}, p.Packages...)...).Run() != nil {
			c.Logf("setup: this distribution has no %s: %s", strings.Join(p.Packages, " and "), p.For)
			continue
		}
		list = append(list, p)
	}
	return list
}

// listAge is how old apt's lists may be before they are fetched anew.
const listAge = 24 * time.Hour

func refreshLists(ctx context.Context) error {
	if !listsAreOld("/var/lib/apt/lists", time.Now()) {
		return nil
	}
	return aptGet(ctx, "update")
}

func apt(ctx context.Context, packages []string) error {
	release, err := holdServices("/usr/sbin/policy-rc.d")
	if err != nil {
		return err
	}
	defer release()
	words := append([]string{"install", "-y", "--no-install-recommends"}, packages...)
	if err = aptGet(ctx, words...); err == nil || ctx.Err() != nil {
		return err
	}
	if e := aptGet(ctx, "update"); e != nil { // the lists may name versions that are gone
		return errors.Join(err, e)
	}
	return aptGet(ctx, words...)
}

// aptGet waits for another apt to end, instead of failing because one runs.
func aptGet(ctx context.Context, words ...string) error {
	return command(ctx, append([]string{"apt-get", "-q", "-o", "DPkg::Lock::Timeout=120"}, words...)...)
}

// listsAreOld tells whether apt knows no packages or has not asked for a day.
func listsAreOld(dir string, now time.Time) bool {
	files, _ := filepath.Glob(filepath.Join(dir, "*_Packages*"))
	for _, f := range files {
		if info, err := os.Stat(filepath.Dir(f)); err == nil {
			return now.Sub(info.ModTime()) > listAge
		}
	}
	return true
}

// holdServices keeps packages from starting their services while they are
// installed (invoke-rc.d asks policy-rc.d; 101 forbids). A policy of the machine's
// own is left alone.
func holdServices(path string) (release func(), err error) {
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
