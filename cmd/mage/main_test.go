//go:build unix

package main

import (
	"bufio"
	"io"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// build returns the path of this command, compiled.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mage")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("build mage: %v\n%s", err, out)
	}
	return path
}

func TestSignalsReachTheMagefile(t *testing.T) {
	mage := build(t)
	for _, tc := range []struct {
		name, target string
		signal       syscall.Signal
		group        bool
		code         int
		out          string
	}{
		{"SIGINT to the group", "wait", syscall.SIGINT, true, 130, "cleaned up\n"},
		{"SIGINT to mage", "wait", syscall.SIGINT, false, 130, "cleaned up\n"},
		{"SIGTERM to the group", "wait", syscall.SIGTERM, true, 143, "cleaned up\n"},
		{"SIGTERM to mage", "wait", syscall.SIGTERM, false, 143, "cleaned up\n"},
		{"SIGHUP to the group", "wait", syscall.SIGHUP, true, 143, "cleaned up\n"},
		{"SIGHUP to mage", "wait", syscall.SIGHUP, false, 143, "cleaned up\n"},
		{"SIGQUIT to the group", "wait", syscall.SIGQUIT, true, 143, "cleaned up\n"},
		{"SIGQUIT to mage", "wait", syscall.SIGQUIT, false, 143, "cleaned up\n"},
		{"SIGTERM to mage, a target without a handler", "plain", syscall.SIGTERM, false, 143, ""},
		{"SIGTERM to mage, a target that ends well", "serve", syscall.SIGTERM, false, 0, "cleaned up\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if signal.Ignored(tc.signal) {
				t.Skipf("SKIPPED: %v is ignored here, as under nohup", tc.signal)
			}
			cmd := exec.Command(mage, "-d", "testdata", tc.target)
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
			out := bufio.NewReader(stdout)
			if line, err := out.ReadString('\n'); line != "started\n" {
				t.Fatalf("%q, %v", line, err)
			}
			to := cmd.Process.Pid
			if tc.group {
				to = -to
			}
			if err := syscall.Kill(to, tc.signal); err != nil {
				t.Fatal(err)
			}
			rest, _ := io.ReadAll(out)
			cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != tc.code || string(rest) != tc.out {
				t.Errorf("exit code %d, want %d; %q, want %q", code, tc.code, rest, tc.out)
			}
		})
	}
}

// TestReaderOfTheOutputEnds reads one line of a target that prints many, as | head -1 does.
func TestReaderOfTheOutputEnds(t *testing.T) {
	cmd := exec.Command(build(t), "-d", "testdata", "print")
	var log strings.Builder
	cmd.Stderr = &log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	stdout.Close()
	closed := time.Now()
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 143 || !strings.HasPrefix(log.String(), "cleaned up\n") || time.Since(closed) > 5*time.Second {
		t.Errorf("exit code %d after %s, want 143\n%s", code, time.Since(closed), &log)
	}
}

func TestExitCodeOfTheMagefileIsKept(t *testing.T) {
	cmd := exec.Command(build(t), "-d", "testdata", "fail")
	cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
}

// TestSignalBeforeTheMagefileRuns signals mage at moments in which it hashes, compiles
// and starts the magefile.
func TestSignalBeforeTheMagefileRuns(t *testing.T) {
	mage := build(t)
	for wait := time.Duration(20); wait < 1000; wait *= 2 {
		t.Run(strconv.Itoa(int(wait))+"ms", func(t *testing.T) {
			var out strings.Builder
			cmd := exec.Command(mage, "-d", "testdata", "wait")
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			sent := time.Now()
			time.Sleep(wait * time.Millisecond)
			cmd.Process.Signal(syscall.SIGTERM)
			cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != 143 || time.Since(sent) > 10*time.Second {
				t.Errorf("exit code %d after %s, want 143\n%s", code, time.Since(sent), &out)
			}
		})
	}
}
