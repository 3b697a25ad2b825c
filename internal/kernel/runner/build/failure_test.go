//go:build linux

package build

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner"
)

// configuration returns the configuration that a run compared.
func configuration(t *testing.T, all events) kconfig.Configuration {
	t.Helper()
	for _, e := range all {
		if e.Configuration != nil {
			return *e.Configuration
		}
	}
	t.Fatal("no configuration")
	return kconfig.Configuration{}
}

func TestLostOptions(t *testing.T) {
	f := newFixture(t, "CONFIG_A=y\nCONFIG_IMPOSSIBLE=y\n# CONFIG_TINNY is not set\n", map[string]string{"exit.c": exit})
	f.write("source/Kconfig", "config TINY\n\tbool \"tiny\"\n")
	all := f.run()
	if got := all.failure(t); got.Class != 2 || got.Text+got.Step != "" || got.Cause != "configuration" || strings.Contains(all.steps(), "compile") {
		t.Errorf("failure %+v, steps %s", got, all.steps())
	}
	c := configuration(t, all)
	if c.Asked != 3 || c.Kept != 2 || c.Err() == nil || c.Release != "6.12.1" || len(c.Warnings) != 1 || !strings.HasPrefix(c.Warnings[0], "a.config:3: no Kconfig file of this kernel defines CONFIG_TINNY") {
		t.Errorf("configuration %+v", c)
	}
	if f.state().Open {
		t.Error("the output tree is still in use")
	}

	f.job.Until = runner.Configured
	if done := f.run().done(t); done.Key == "" {
		t.Errorf("configured: %+v", done)
	}
	f.job.Until, f.job.Plan.Allow = "", []string{"IMPOSSIBLE"}
	all = f.run()
	all.done(t)
	if !strings.Contains(all.notes(), "allowed: a.config:2: CONFIG_IMPOSSIBLE: asked y, got n: dropped") || !strings.Contains(all.notes(), c.Warnings[0]) {
		t.Errorf("notes %s", all.notes())
	}
	if !strings.HasSuffix(c.Warnings[0], "did you mean CONFIG_TINY?") {
		enginetest.Unavailable(t, "no hint without python3: %s", c.Warnings[0])
	}
}

// TestJoinedFailures has the state of the output tree fail as well.
func TestJoinedFailures(t *testing.T) {
	step := fault.WithCause(fault.Source, &stepError{runner.Failure{Step: "compile", Exit: 2, Cause: "source"}})
	lost := lostError{fault.New(fault.Usage, "change it", "lost")}
	disk := fault.Wrap(fault.Environment, syscall.EIO)
	for name, c := range map[string]struct {
		err  error
		want runner.Failure
	}{
		"step":           {errors.Join(step, nil), runner.Failure{Class: 1, Cause: "source", Step: "compile", Exit: 2}},
		"step, disk":     {errors.Join(step, disk), runner.Failure{Class: 3, Cause: "source", Step: "compile", Exit: 2, Text: "step compile failed (source): exit status 2\ninput/output error"}},
		"lost":           {errors.Join(lost, nil), runner.Failure{Class: 2, Cause: "configuration"}},
		"lost, disk":     {errors.Join(lost, disk), runner.Failure{Class: 3, Cause: "resources", Text: "lost\ninput/output error", Fix: "change it"}},
		"fix and around": {fmt.Errorf("prepare: %w", fault.New(fault.Environment, "wait", "busy")), runner.Failure{Class: 3, Cause: "resources", Text: "prepare: busy", Fix: "wait"}},
	} {
		if got := failureOf(c.err); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestMissingFile(t *testing.T) {
	f := newFixture(t, "CONFIG_SYSTEM_TRUSTED_KEYS=\"certs/ours.pem\"\n", map[string]string{"exit.c": exit})
	all := f.run()
	c := configuration(t, all)
	if got := all.failure(t); got.Class != 2 || len(c.Missing) != 1 || !strings.Contains(c.Err().Error(), "there is no certs/ours.pem") {
		t.Errorf("failure %+v, %+v", got, c)
	}
	f.write("source/certs/ours.pem", "")
	f.run().done(t)
}

func TestCompileError(t *testing.T) {
	f := newFixture(t, "", map[string]string{"exit.c": exit, "pid.c": broken})
	all := f.run()
	got := all.failure(t)
	if got.Class != 1 || got.Cause != "source" || got.Step != "compile" || got.Exit != 2 || got.Found == nil || got.Found.First.At() != "pid.c:2:16" || got.Text != "" {
		t.Errorf("failure %+v", got)
	}
	if f.state().Open || !strings.Contains(f.read("result/build.log"), "error: 'nothing' undeclared") {
		t.Errorf("state %+v, log %s", f.state(), f.read("result/build.log"))
	}
	f.write("source/pid.c", "int pid(void) { return 1; }\n")
	f.job.SourceID, f.job.Earlier = "second", runner.Earlier{Sources: []string{"first"}, Known: true, Files: 1, CodeOnly: true}
	all = f.run()
	all.done(t)
	if all.made() != "pid.o" && all.made() != "exit.o pid.o" { // make may have ended before exit.o
		t.Errorf("made %s", all.made())
	}
}

// TestStepsThatCannotStart fails for lack of a program, and of a target of the configuration.
func TestStepsThatCannotStart(t *testing.T) {
	f := newFixture(t, "", map[string]string{"exit.c": exit})
	f.write("source/arch/x86/configs/x86_64_defconfig", "")
	f.job.Plan.Steps[3].Argv = []string{"no-such-program"}
	if got := f.run().failure(t); got.Class != 3 || got.Cause != "toolchain" || got.Exit != 127 {
		t.Errorf("no program: %+v", got)
	}
	f.job.Plan = f.plan("")
	f.job.Plan.Steps[0].Argv[len(f.job.Plan.Make)] = "x86_46_defconfig"
	got := f.run().failure(t)
	if got.Class != 2 || got.Target != "x86_46_defconfig" || strings.Join(got.Known, " ") != "x86_64_defconfig" {
		t.Errorf("no target: %+v", got)
	}
}

// TestCleanStep fails a step that prints an error and ends with 0.
func TestCleanStep(t *testing.T) {
	f := newFixture(t, "", map[string]string{"exit.c": exit})
	f.job.Plan.Steps[4] = plan.Step{Name: "install", Phase: plan.Collect, Clean: true, Argv: []string{"sh", "-c", "echo depmod: WARNING: loop.ko needs unknown symbol x >&2"}}
	if got := f.run().failure(t); got.Class != 1 || got.Step != "install" || got.Exit != 0 || got.Found.First.Tool != "depmod" {
		t.Errorf("%+v", got)
	}
}

// TestFullDisk has a tool report a full disk.
func TestFullDisk(t *testing.T) {
	f := newFixture(t, "", map[string]string{"exit.c": exit})
	f.job.Plan.Steps[3].Argv = []string{"sh", "-c", "cat Makefile > /dev/full"}
	f.job.Plan.Steps[3].Dir = f.path("source")
	if got := f.run().failure(t); got.Class != 3 || got.Cause != "resources" || got.Step != "compile" {
		t.Errorf("%+v, %+v", got, got.Found)
	}
}

// TestSmallDisk compiles to a disk that is too small, with a tool that does not report that.
func TestSmallDisk(t *testing.T) {
	f := newFixture(t, "", map[string]string{"exit.c": exit})
	f.job.Plan.Steps[3].Argv = []string{"sh", "-c", "head -c 3000000 /dev/zero > big 2> /dev/null || exit 2"}
	f.job.Plan.Steps[3].Dir = f.path("output")
	f.write("output/.keep", "")
	if err := syscall.Mount("none", f.path("output"), "tmpfs", 0, "size=1m"); err != nil {
		enginetest.Unavailable(t, "cannot mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(f.path("output"), 0); err != nil {
			t.Error(err)
		}
	})
	if got := f.run().failure(t); got.Class != 3 || got.Cause != "resources" || got.Step != "compile" || got.Found.First != nil {
		t.Errorf("%+v, %+v", got, got.Found)
	}
}
