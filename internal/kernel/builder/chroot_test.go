//go:build linux

package builder

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
)

// chroot is the toolchain image unpacked to a local folder, to build in without a container
// engine: with the same programs, sources, steps and user.
type chroot struct {
	dir  string
	plan plan.Plan
	tree source.Tree
}

// chroot unpacks the toolchain image and mounts the source into it. It needs root and a
// local engine.
func (e *benchEnv) chroot() *chroot {
	b := e.b
	b.Helper()
	tree, err := e.cached.Fetch(b.Context(), e.spec())
	if err != nil {
		b.Fatal(err)
	}
	from := candidateOf(b, e.cached, e.spec())
	p := from.plan
	c := &chroot{dir: b.TempDir(), plan: p, tree: tree}
	id := strings.TrimSpace(command(b, "docker", "create", from.image.ID, "none"))
	defer command(b, "docker", "rm", id)
	command(b, "docker", "export", "--output", c.dir+".tar", id)
	defer os.Remove(c.dir + ".tar")
	command(b, "tar", "--extract", "--numeric-owner", "--directory", c.dir, "--file", c.dir+".tar")
	c.mount(b, strings.TrimSpace(command(b, "docker", "volume", "inspect", "--format", "{{.Mountpoint}}", tree.Volume)), plan.SourceDir)
	c.mount(b, "/proc", "/proc")
	c.mount(b, "/dev", "/dev")
	for n, item := range p.Config {
		if item.Target == "" {
			c.write(b, plan.FragmentPath(n), item.Text)
		}
	}
	return c
}

// command runs a command and returns its output.
func command(b *testing.B, argv ...string) string {
	b.Helper()
	out, err := exec.Command(argv[0], argv[1:]...).Output()
	if err != nil {
		b.Fatalf("%v: %v", argv, err)
	}
	return string(out)
}

// mount bind-mounts a local folder into the chroot until the benchmark ends.
func (c *chroot) mount(b *testing.B, what, at string) {
	b.Helper()
	target := filepath.Join(c.dir, at)
	if err := os.MkdirAll(target, 0o755); err != nil {
		b.Fatal(err)
	}
	if err := syscall.Mount(what, target, "", syscall.MS_BIND, ""); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := syscall.Unmount(target, syscall.MNT_DETACH); err != nil {
			b.Error(err)
		}
	})
}

// write writes a file in the chroot.
func (c *chroot) write(b *testing.B, path, text string) {
	b.Helper()
	path = filepath.Join(c.dir, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
}

// build runs the plan's steps in the chroot, from scratch.
func (c *chroot) build(e *benchEnv) (took cost) {
	e.b.Helper()
	for _, dir := range []string{plan.OutputDir, plan.ResultDir} {
		local := filepath.Join(c.dir, dir)
		if err := errors.Join(os.RemoveAll(local), os.MkdirAll(local, 0o755), os.Chown(local, 1000, 1000)); err != nil {
			e.b.Fatal(err)
		}
	}
	info, err := e.cached.Engine.Info(e.b.Context())
	if err != nil {
		e.b.Fatal(err)
	}
	env := slices.Concat(c.plan.Env, plan.TimeEnv(c.tree.Time), []string{"CCACHE_DISABLE=1", fmt.Sprintf("MAKEFLAGS=-j%d", info.CPUs)})
	start := time.Now()
	for _, s := range c.plan.Steps {
		if s.When == "" {
			took.cpu += c.step(e.b, s, env)
		}
	}
	took.wall = time.Since(start).Seconds()
	sum, err := trust.HashFile(filepath.Join(c.dir, plan.ResultDir, "bzImage"))
	if err != nil {
		e.b.Fatal(err)
	}
	e.last = sum
	return took
}

// step runs a step as the container would, and returns its processor time in seconds.
func (c *chroot) step(b *testing.B, s plan.Step, env []string) float64 {
	b.Helper()
	path, err := c.find(s.Argv[0])
	if err != nil {
		b.Fatal(err)
	}
	var stderr strings.Builder
	cmd := &exec.Cmd{
		Path: path, Args: s.Argv, Env: env, Dir: "/" + strings.TrimPrefix(s.Dir, "/"), Stdout: io.Discard, Stderr: &stderr,
		SysProcAttr: &syscall.SysProcAttr{Chroot: c.dir, Credential: &syscall.Credential{Uid: 1000, Gid: 1000}},
	}
	if err := cmd.Run(); err != nil {
		b.Fatalf("%s: %v\n%s", s.Name, err, stderr.String())
	}
	return (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
}

// find returns the path of a program in the chroot.
func (c *chroot) find(name string) (string, error) {
	if strings.HasPrefix(name, "/") {
		return name, nil
	}
	for _, dir := range []string{"/usr/local/bin", "/usr/bin", "/usr/sbin"} {
		if _, err := os.Lstat(filepath.Join(c.dir, dir, name)); err == nil {
			return filepath.Join(dir, name), nil
		}
	}
	return "", fmt.Errorf("%s is not in the toolchain image", name)
}
