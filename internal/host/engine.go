package host

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

const (
	engineLog   = "/var/log/kiln-dockerd.log" // of an engine that setup started
	engineStart = 90 * time.Second            // how long an engine may take to answer
)

// startEngine starts the installed engine: with systemd where that runs, else as a
// process that outlives this one.
func (i Installer) startEngine(ctx context.Context) error {
	if os.Geteuid() != 0 {
		return fault.New(fault.Environment, "sudo systemctl start docker, or as root: go tool mage setup",
			"start the engine: %w", i.Probe(ctx))
	}
	progress := i.Console.Progress("setup: start the engine")
	err := i.start(ctx)
	if err != nil {
		progress.End("failed")
		return err
	}
	progress.End("running")
	return nil
}

// start starts the engine and waits until it answers.
func (i Installer) start(ctx context.Context) error {
	if _, err := os.Stat("/run/systemd/system"); err == nil {
		if err := i.command(ctx, "systemctl", "start", "docker"); err != nil {
			return err
		}
		return await(ctx, i.Probe, nil)
	}
	if err := i.prepare(ctx); err != nil {
		return err
	}
	ended, err := i.launch()
	if err != nil {
		return err
	}
	err = await(ctx, i.Probe, ended)
	if err != nil && strings.Contains(engineTail(), "iptables") && ctx.Err() == nil {
		// This kernel has no nftables, which Debian's iptables uses by default.
		if i.command(ctx, "update-alternatives", "--set", "iptables", "/usr/sbin/iptables-legacy") == nil {
			if ended, err = i.launch(); err == nil {
				err = await(ctx, i.Probe, ended)
			}
		}
	}
	return err
}

// prepare removes stale pid files of a killed engine, and mounts the control groups, as
// an init system would.
func (i Installer) prepare(ctx context.Context) error {
	for _, file := range []string{"/var/run/docker.pid", "/run/docker/containerd/containerd.pid"} {
		if err := clearStale(file, "/proc"); err != nil {
			return err
		}
	}
	return i.mountCgroups(ctx)
}

// clearStale removes a pid file whose process is not of the engine: a different program
// may have the number by now, and dockerd would refuse to start.
func clearStale(file, proc string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil // no such file
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err == nil {
		name, err := os.ReadFile(filepath.Join(proc, strconv.Itoa(pid), "comm"))
		if err == nil && (strings.HasPrefix(string(name), "dockerd") || strings.HasPrefix(string(name), "containerd")) {
			return nil
		}
	}
	return fault.Wrap(fault.Environment, os.Remove(file))
}

// mountCgroups mounts the control groups where /sys/fs/cgroup is empty.
func (i Installer) mountCgroups(ctx context.Context) error {
	const dir = "/sys/fs/cgroup"
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 0 {
		return fault.Wrap(fault.Environment, err)
	}
	if i.command(ctx, "mount", "-t", "cgroup2", "cgroup2", dir) == nil {
		if text, _ := os.ReadFile(dir + "/cgroup.controllers"); strings.Contains(string(text), "memory") {
			return nil
		}
		if err := i.command(ctx, "umount", dir); err != nil { // the controllers are bound to version 1
			return err
		}
	}
	if err := i.command(ctx, "mount", "-t", "tmpfs", "-o", "mode=755", "cgroup", dir); err != nil {
		return err
	}
	for _, name := range []string{"cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids"} {
		path := filepath.Join(dir, name)
		if err := os.Mkdir(path, 0o755); err != nil {
			return fault.Wrap(fault.Environment, err)
		}
		if i.command(ctx, "mount", "-t", "cgroup", "-o", name, name, path) != nil {
			os.Remove(path) // this kernel lacks the controller
		}
	}
	return nil
}

// launch starts dockerd in a new session, so that neither the end of this process nor
// Ctrl-C ends it. The channel receives its exit status.
func (i Installer) launch() (ended <-chan error, err error) {
	path, ok := lookPath("dockerd")
	if !ok {
		return nil, fault.New(fault.Environment, "apt-get install docker.io", "start the engine: dockerd is not installed")
	}
	log, err := os.OpenFile(engineLog, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, fault.Wrap(fault.Environment, err)
	}
	defer log.Close()
	cmd := exec.Command(path)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = "/", log, log, newSession()
	cmd.Env = daemonEnviron(i.Environ)
	if err := cmd.Start(); err != nil {
		return nil, fault.Wrap(fault.Environment, err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	return done, nil
}

// daemonEnviron returns the environment for a daemon that outlives this run: with root's
// folders in PATH, since it calls iptables and the like, and without TMPDIR, since a run's
// temporary folder is removed at its end.
func daemonEnviron(environ []string) []string {
	path := ""
	kept := slices.DeleteFunc(slices.Clone(environ), func(v string) bool {
		if value, ok := strings.CutPrefix(v, "PATH="); ok {
			path = value
		}
		return strings.HasPrefix(v, "TMPDIR=")
	})
	return append(kept, "PATH="+path+":/usr/local/sbin:/usr/sbin:/sbin")
}

// await polls until the engine answers, dockerd ends (which ended, if not nil, receives),
// or engineStart has passed.
func await(ctx context.Context, probe func(context.Context) error, ended <-chan error) error {
	ctx, cancel := context.WithTimeout(ctx, engineStart)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if probe(ctx) == nil {
			return nil
		}
		select {
		case err := <-ended:
			return fault.New(fault.Environment, "see the whole log: "+engineLog, "start the engine: dockerd ended: %v\n%s", err, engineTail())
		case <-ctx.Done():
			return fault.New(fault.Environment, "see the whole log: "+engineLog, "start the engine: no answer: %w\n%s", ctx.Err(), engineTail())
		case <-tick.C:
		}
	}
}

// engineTail returns the end of the log of an engine that setup started.
func engineTail() string {
	text, err := os.ReadFile(engineLog)
	if err != nil {
		return fmt.Sprint(err)
	}
	return tail(string(text), 8)
}
