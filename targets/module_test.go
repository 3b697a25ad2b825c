package targets

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/fault"
)

// ownTargets are targets of the module's own, with names that Kiln's development targets have.
const ownTargets = `//go:build mage

package main

import "fmt"

// Test prints a line.
func Test() { fmt.Println("own test ran") }

// Lint prints a line.
func Lint() { fmt.Println("own lint ran") }
`

// module is a module that imports package targets, as kiln init starts it.
type module struct {
	t    *testing.T
	dir  string
	mage []string // command that runs targets
}

// newModule makes a module in an empty folder, which takes Kiln from this checkout.
func newModule(t *testing.T) module {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	m := module{t: t, dir: t.TempDir(), mage: []string{"go", "tool", "mage"}}
	kiln := filepath.Join(t.TempDir(), "kiln")
	m.must(exec.Command("go", "build", "-o", kiln, "../cmd/kiln"))
	m.must(m.command(kiln, "init"))
	for _, name := range []string{"go.mod", "go.sum"} { // in place of go mod tidy, which needs the network
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		m.write(name, string(text))
	}
	const kilnModule = "github.com/romanatrashyonok/kiln"
	m.must(m.command("go", "mod", "edit", "-module=example.com/site", "-droptool=honnef.co/go/tools/cmd/staticcheck",
		"-require="+kilnModule+"@v0.0.0", "-replace="+kilnModule+"="+root))
	m.write("own.go", ownTargets)
	return m
}

func (m module) write(name, text string) {
	m.t.Helper()
	if err := os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

// command returns a command that runs in the module's folder.
func (m module) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = m.dir
	return cmd
}

func (m module) must(cmd *exec.Cmd) {
	m.t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		m.t.Fatalf("%q: %v\n%s", cmd.Args, err, out)
	}
}

// run runs targets and returns the exit code and both streams.
func (m module) run(args ...string) (code int, stdout, stderr string) {
	m.t.Helper()
	var out, log bytes.Buffer
	cmd := m.command(m.mage[0], append(m.mage[1:], args...)...)
	cmd.Stdout, cmd.Stderr = &out, &log
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		m.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), log.String()
}

func TestFreshModule(t *testing.T) {
	m := newModule(t)
	code, list, stderr := m.run("-l")
	if code != 0 {
		t.Fatalf("mage -l: exit code %d\n%s", code, stderr)
	}
	for _, target := range []string{"image:build", "kernel:all", "kernel:i386", "verify", "doctor", "test", "lint"} {
		if !strings.Contains(list, "\n  "+target+" ") {
			t.Errorf("mage -l lacks %s:\n%s", target, list)
		}
	}
	if strings.Contains(list, "test:full") {
		t.Errorf("mage -l has a development target of Kiln:\n%s", list)
	}
	compiled := m
	compiled.mage = []string{filepath.Join(t.TempDir(), "targets")}
	m.must(m.command("go", "tool", "mage", "-compile", compiled.mage[0]))
	for name, m := range map[string]module{"go tool mage": m, "compiled": compiled} {
		t.Run(name, func(t *testing.T) {
			m.t = t
			m.testRefusals()
			if code, stdout, stderr := m.run("kernel:matrix", "test"); code != 0 || !strings.HasSuffix(stdout, "own test ran\n") {
				t.Errorf("kernel:matrix test: exit code %d\n%s%s", code, stdout, stderr)
			}
		})
	}
}

// testRefusals requires that bad calls end before any target runs.
func (m module) testRefusals() {
	for _, call := range []string{"kernel:arm6", "image typo", "image --help", "kernel -nmae=micro", "clean kernel:386 -version", "test lnt"} {
		code, stdout, stderr := m.run(strings.Fields(call)...)
		if code != int(fault.Usage) || stdout != "" || !strings.Contains(stderr, "no target was run") {
			m.t.Errorf("%s: exit code %d, want %d\n%s%s", call, code, fault.Usage, stdout, stderr)
		}
	}
}

// TestFreshModuleBuilds plans the kernel and verifies the site that kiln init starts with.
func TestFreshModuleBuilds(t *testing.T) {
	e := enginetest.Engine(t)
	t.Cleanup(func() { e.RemoveImage(context.Background(), "registry.example.com/me/site:latest") })
	m := newModule(t)
	code, stdout, stderr := m.run("kernel:plan", "-arch=amd64")
	if code != 0 || !strings.Contains(stdout, "micro") || !strings.Contains(stdout, "compile") {
		t.Errorf("kernel:plan: exit code %d\n%s\n%s", code, stdout, stderr)
	}
	code, stdout, stderr = m.run("image", "verify")
	if code != 0 || !strings.Contains(stdout, "registry.example.com/me/site:latest sha256:") {
		t.Errorf("image verify: exit code %d\n%s\n%s", code, stdout, stderr)
	}
}
