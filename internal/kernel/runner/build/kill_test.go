//go:build linux

package build

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/cgroup"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/process"
)

// The variables that make the test program carry out the job in a file, in a control group.
const (
	jobVariable   = "KILN_TEST_JOB"
	groupVariable = "KILN_TEST_GROUP"
)

// TestMain is also the program that the tests kill.
func TestMain(m *testing.M) {
	file := os.Getenv(jobVariable)
	if file == "" {
		os.Exit(m.Run())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	var job runner.Job
	if err := json.Unmarshal(text, &job); err != nil {
		panic(err)
	}
	ctx, end := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	go func() {
		<-signals
		end(fault.New(fault.Terminated, "", "terminated"))
	}()
	process.AdoptOrphans()
	os.Exit(fault.Code(Builder{Events: os.Stdout, Group: cgroup.Group(os.Getenv(groupVariable))}.Run(ctx, job)))
}

// start starts the fixture's job as a process of its own, below a command if there is one.
func (f *fixture) start(group string, below ...string) *started {
	f.t.Helper()
	text, err := json.Marshal(f.job)
	if err != nil {
		f.t.Fatal(err)
	}
	f.write("job.json", string(text))
	self, err := os.Executable()
	if err != nil {
		f.t.Fatal(err)
	}
	argv := append(below, self)
	cmd := exec.CommandContext(f.t.Context(), argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), jobVariable+"="+f.path("job.json"), groupVariable+"="+group)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		f.t.Fatal(err)
	}
	return &started{t: f.t, cmd: cmd, out: bufio.NewReader(out)}
}

// started is a job that runs as a process of its own.
type started struct {
	t    *testing.T
	cmd  *exec.Cmd
	out  *bufio.Reader
	read strings.Builder
}

// until reads events until one contains a text, or the last one for "".
func (s *started) until(text string) events {
	s.t.Helper()
	for {
		line, err := s.out.ReadString('\n')
		s.read.WriteString(line)
		if text != "" && strings.Contains(line, text) || text == "" && err != nil {
			return parseEvents(s.t, s.read.String())
		}
		if err != nil {
			s.t.Fatalf("ended before %q:\n%s", text, s.read.String())
		}
	}
}

// end sends a signal and returns the exit code, -1 if the signal itself ended the job.
func (s *started) end(sig os.Signal) int {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
	s.until("")
	s.cmd.Wait()
	return s.cmd.ProcessState.ExitCode()
}

// trapped starts a build that waits while it makes a module, and returns the process that waits.
func trapped(t *testing.T) (f *fixture, job *started, waiting int) {
	f = newFixture(t, "CONFIG_MODULES=y\n", map[string]string{"fork.c": fork, "exit.c": exit})
	f.write("source/trap", "")
	job = f.start(f.path("cgroup"))
	job.until(`"file":"loop.ko"`)
	for f.read("output/pid") == "" {
		time.Sleep(5 * time.Millisecond)
	}
	waiting, err := strconv.Atoi(strings.TrimSpace(f.read("output/pid")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Kill(waiting, syscall.SIGKILL) })
	return f, job, waiting
}

// TestKilled kills a build by SIGKILL while it makes a module, and goes on.
func TestKilled(t *testing.T) {
	f, job, waiting := trapped(t)
	job.end(os.Kill)
	if got := f.state(); !got.Open || f.read("output/loop.ko") != "half" {
		t.Fatalf("state %+v, module %q", got, f.read("output/loop.ko"))
	}
	syscall.Kill(waiting, syscall.SIGKILL) // what ends with the container
	os.Remove(f.path("source/trap"))
	// what was made long before the end is whole
	for _, name := range []string{"fork.o", ".fork.o.cmd", "exit.o", ".exit.o.cmd", "vmlinux"} {
		f.age("output/"+name, time.Hour)
	}
	all := f.run()
	all.done(t)
	for _, want := range []string{"an earlier build in this output was interrupted", "files that may be incomplete", "reusing the configuration", "resuming an interrupted build after step compile"} {
		if !strings.Contains(all.notes(), want) {
			t.Errorf("no note %q: %s", want, all.notes())
		}
	}
	if all.made() != "" || f.read("output/loop.ko") != "whole\n" {
		t.Errorf("made %q, module %q", all.made(), f.read("output/loop.ko"))
	}
	m := f.manifest()
	if len(m.Warnings) != 1 || m.Steps[0].Name != "tinyconfig" || len(m.Steps) != 7 {
		t.Errorf("manifest %+v", m)
	}
	if f.state().Open {
		t.Errorf("state %+v", f.state())
	}
}

// TestTerminated ends a build by SIGTERM: nothing of it is left running, and the output tree stays
// marked as in use.
func TestTerminated(t *testing.T) {
	f, job, waiting := trapped(t)
	if code := job.end(syscall.SIGTERM); code != 143 {
		t.Errorf("exit code %d", code)
	}
	if got := parseEvents(t, job.read.String()).failure(t); got.Class != 143 {
		t.Errorf("failure %+v", got)
	}
	if err := syscall.Kill(waiting, 0); err != syscall.ESRCH {
		t.Errorf("the step still runs: %v", err)
	}
	if !f.state().Open {
		t.Errorf("state %+v", f.state())
	}
}

// closing is a reader that goes after some events.
type closing int

func (c *closing) Write(p []byte) (int, error) {
	if *c--; *c < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

// TestReaderGone builds without a reader from some event on: the run ends, and the output tree stays
// marked as in use.
func TestReaderGone(t *testing.T) {
	f := newFixture(t, "CONFIG_MODULES=y\n", map[string]string{"fork.c": fork, "exit.c": exit})
	f.write("source/trap", "")
	for _, events := range []closing{3, 11} { // while it configures, and after the module in the trap
		start := time.Now()
		err := Builder{Events: &events, Group: cgroup.Group(f.path("cgroup"))}.Run(context.WithoutCancel(t.Context()), f.job)
		if fault.Code(err) != 3 || !errors.Is(err, io.ErrClosedPipe) || !f.state().Open || time.Since(start) > 30*time.Second {
			t.Errorf("%v, state %+v, after %s", err, f.state(), time.Since(start))
		}
	}
}

// TestResumeIgnoresOtherPlans interrupts a build, and goes on with a different plan.
func TestResumeIgnoresOtherPlans(t *testing.T) {
	f, job, waiting := trapped(t)
	job.end(os.Kill)
	syscall.Kill(waiting, syscall.SIGKILL)
	os.Remove(f.path("source/trap"))
	f.job.Plan.Allow = []string{"X"}
	all := f.run()
	all.done(t)
	if strings.Contains(all.notes(), "resuming") {
		t.Error(all.notes())
	}
}
