//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner"
)

// asProgram makes the test program kiln-runner.
const asProgram = "KILN_TEST_AS_RUNNER"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// program returns a call of kiln-runner.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.Stderr = os.Stderr
	return cmd
}

// start starts a call and returns its standard input, and the first line that it prints.
func start(t *testing.T, cmd *exec.Cmd) (in io.Closer, line string) {
	t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return in, line
}

func TestJobserver(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "jobs")
	held := program(t, "hold", fifo, "1")
	if _, line := start(t, held); line != "ready\n" {
		t.Fatalf("printed %q", line)
	}
	for _, verb := range []string{"acquire", "release", "acquire"} {
		if err := program(t, verb, fifo).Run(); err != nil {
			t.Fatalf("%s: %v", verb, err)
		}
	}
	if err := held.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := held.Wait(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(filepath.Dir(fifo)); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

// TestHold opens the folders of a build for a shell. The program stays until its standard input, or
// SIGTERM, ends it, and then closes the output tree.
func TestHold(t *testing.T) {
	for name, end := range map[string]func(*exec.Cmd, io.Closer) error{
		"input ends": func(_ *exec.Cmd, in io.Closer) error { return in.Close() },
		"SIGTERM":    func(cmd *exec.Cmd, _ io.Closer) error { return cmd.Process.Signal(syscall.SIGTERM) },
	} {
		root := t.TempDir()
		file := writeJob(t, root, runner.Job{Until: runner.Opened})
		cmd := program(t, "run", "-hold", file)
		in, line := start(t, cmd)
		if !strings.HasPrefix(line, `{"done":`) || !state(t, root).Open {
			t.Errorf("%s: printed %s, state %+v", name, line, state(t, root))
		}
		if err := end(cmd, in); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil || state(t, root).Open {
			t.Errorf("%s: %v, state %+v", name, err, state(t, root))
		}
	}
}

// writeJob writes a job, whose folders are in a folder, and returns its path.
func writeJob(t *testing.T, root string, job runner.Job) string {
	t.Helper()
	job.SourceID, job.Plan.User = "source", plan.BuildUser
	for _, role := range []plan.Role{plan.SourceRole, plan.OutputRole, plan.CacheRole, plan.InputRole, plan.ResultRole} {
		job.Plan.Mounts = append(job.Plan.Mounts, plan.Mount{Role: role, Path: filepath.Join(root, string(role))})
	}
	text, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, "job.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// configures returns a job of a single step.
func configures(script string) runner.Job {
	step := plan.Step{Name: "config", Phase: plan.Configure, Argv: []string{"sh", "-c", script}}
	return runner.Job{Plan: plan.Plan{Env: []string{"PATH=/usr/bin:/bin"}, Steps: []plan.Step{step}}}
}

// TestReaderGone closes the pipe that the program prints to. It ends with an exit code, and leaves
// nothing running.
func TestReaderGone(t *testing.T) {
	root := t.TempDir()
	cmd := program(t, "run", writeJob(t, root, configures("sleep 0.3; echo '  CC      a.o'; sleep 60")))
	cmd.Stderr = nil
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if line, err := bufio.NewReaderSize(r, 16).ReadString('\n'); err != nil || !strings.HasPrefix(line, `{"begin":`) {
		t.Errorf("printed %q, %v", line, err)
	}
	r.Close()
	if cmd.Wait(); cmd.ProcessState.ExitCode() != 3 || !state(t, root).Open {
		t.Errorf("%v, state %+v", cmd.ProcessState, state(t, root))
	}
}

// TestCommandsGetSIGPIPE has a step end by the signal that the program itself does not end by.
func TestCommandsGetSIGPIPE(t *testing.T) {
	cmd := program(t, "run", writeJob(t, t.TempDir(), configures("kill -PIPE $$; exit 7")))
	cmd.Stderr = nil
	if out, err := cmd.Output(); err == nil || !strings.Contains(string(out), `"exit":141`) {
		t.Errorf("%v: %s", err, out)
	}
}

// state returns the state of the output tree.
func state(t *testing.T, root string) runner.State {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, string(plan.OutputRole), runner.StateFile))
	if err != nil {
		t.Fatal(err)
	}
	return runner.ReadState(text)
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{nil, {"run"}, {"run", "-x", "job"}, {"hold", "fifo", "0"}, {"hold", "fifo", "x"}, {"walk"}} {
		cmd := program(t, args...)
		cmd.Stderr = nil
		if cmd.Run(); cmd.ProcessState.ExitCode() != 2 {
			t.Errorf("%q: exit code %d", args, cmd.ProcessState.ExitCode())
		}
	}
}
