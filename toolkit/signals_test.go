package toolkit

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/fault"
)

// slow returns the environment of a kernel whose compile takes a minute, in place of hours.
func slow(t *testing.T) []string {
	t.Helper()
	tree, err := filepath.Abs("../internal/kernel/builder/testdata/tree")
	if err != nil {
		t.Fatal(err)
	}
	return append(os.Environ(), "KILN_KERNEL_NAME=signals", "KILN_KERNEL_SOURCE="+tree, "KILN_KERNEL_VERSION=6.12", "KILN_KERNEL_CONFIG=tinyconfig,CONFIG_SLOW=y")
}

// start starts a build in a process group of its own, with more variables, and waits until its
// container runs.
func start(t *testing.T, e *engine.Client, more ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd := exec.Command("go", "tool", "mage", "kernel:amd64")
	var out bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = "..", append(slow(t), more...), &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = 20 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	for end := time.Now().Add(2 * time.Minute); len(running(t, e)) == 0; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("no build started:\n%s", &out)
		}
	}
	time.Sleep(2 * time.Second) // into the compile
	return cmd, &out
}

func running(t *testing.T, e *engine.Client) []string {
	t.Helper()
	return enginetest.Containers(t, e, "kiln-build-signals-6.12.1-")
}

func TestSignalsEndBuildWithinFiveSeconds(t *testing.T) {
	e := enginetest.Engine(t)
	removeKernel(t, e, "signals")
	for _, tc := range []struct {
		name   string
		signal syscall.Signal
		group  bool
		code   int
	}{
		{"Ctrl-C in a terminal", syscall.SIGINT, true, 130},
		{"SIGINT to the first process", syscall.SIGINT, false, 130},
		{"SIGTERM to the group", syscall.SIGTERM, true, 143},
		{"SIGTERM to the first process", syscall.SIGTERM, false, 143},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cmd, out := start(t, e)
			to := cmd.Process.Pid
			if tc.group {
				to = -to
			}
			sent := time.Now()
			if err := syscall.Kill(to, tc.signal); err != nil {
				t.Fatal(err)
			}
			cmd.Wait()
			if got := cmd.ProcessState.ExitCode(); got != tc.code {
				t.Errorf("exit code %d, want %d", got, tc.code)
			}
			if spent := time.Since(sent); spent > 5*time.Second {
				t.Errorf("it took %s to end", spent)
			}
			if err := awaitGroupEnd(cmd.Process.Pid, sent.Add(5*time.Second)); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			if left := running(t, e); len(left) > 0 {
				t.Errorf("left running: %v\n%s", left, out)
			}
		})
	}
}

// awaitGroupEnd waits until no process of the group is left.
func awaitGroupEnd(group int, until time.Time) error {
	for time.Now().Before(until) {
		if err := syscall.Kill(-group, 0); errors.Is(err, syscall.ESRCH) {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return errors.New("a process of the group still runs")
}

func TestNextRunRemovesContainersOfKilledRun(t *testing.T) {
	e := enginetest.Engine(t)
	removeKernel(t, e, "signals")
	cmd, _ := start(t, e)
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	nextRunSweeps(t, e)
}

// TestEngineStopsDuringBuild disconnects a build from its engine.
func TestEngineStopsDuringBuild(t *testing.T) {
	e := enginetest.Engine(t)
	removeKernel(t, e, "signals")
	proxy := enginetest.NewProxy(t, e)
	cmd, out := start(t, e, "DOCKER_HOST="+proxy.Host)
	proxy.Shut()
	err := cmd.Wait()
	if err == nil || cmd.ProcessState.ExitCode() != int(fault.Environment) || !strings.Contains(out.String(), "go tool mage setup") || strings.Contains(out.String(), "step compile failed") {
		t.Errorf("%v\n%s", err, out)
	}
	nextRunSweeps(t, e)
}

// nextRunSweeps requires that one container is left, and that it is gone after the next run.
// Tests of other packages run at the same time, and may remove it first.
func nextRunSweeps(t *testing.T, e *engine.Client) {
	t.Helper()
	left := running(t, e)
	if len(left) != 1 {
		t.Fatalf("left running: %v, want one", left)
	}
	next := exec.Command("go", "tool", "mage", "kernel:plan", "-arch=amd64")
	next.Dir, next.Env = "..", slow(t)
	out, err := next.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if still := running(t, e); len(still) > 0 {
		t.Errorf("still running: %v", still)
	}
}
