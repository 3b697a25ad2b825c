//go:build linux

package process

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
)

// command returns a command of the shell with little environment.
func command(script string) Command {
	return Command{Argv: []string{"sh", "-c", script}, Env: []string{"PATH=/usr/bin:/bin", "A=b"}}
}

func TestOutput(t *testing.T) {
	dir := t.TempDir()
	c := command("pwd; echo $A; printf 'no end'")
	c.Dir = dir
	if out, err := c.Output(t.Context()); err != nil || out != dir+"\nb\nno end\n" {
		t.Errorf("%q, %v", out, err)
	}
}

// TestCommandsDieFirst has the kernel kill commands before this program, for lack of memory.
func TestCommandsDieFirst(t *testing.T) {
	user, err := User("1000:1000")
	if err != nil {
		t.Fatal(err)
	}
	c := command("sleep 0.05; sh -c 'cat /proc/self/oom_score_adj'")
	c.User = user
	if out, err := c.Output(t.Context()); err != nil || out != "300\n" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestExitCodes(t *testing.T) {
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/no/such/interpreter\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		argv        []string
		code        int
		interrupted bool
	}{
		"code":           {[]string{"sh", "-c", "exit 7"}, 7, false},
		"killed":         {[]string{"sh", "-c", "kill -KILL $$"}, 137, true},
		"a killed child": {[]string{"sh", "-c", "sh -c 'kill -KILL $$'; exit 2"}, 2, false},
		"no program":     {[]string{"no-such-program"}, 127, false},
		"no path":        {[]string{"/no/such/program"}, 127, false},
		"no interpreter": {[]string{script}, 127, false},
		"no right":       {[]string{"/etc/passwd"}, 126, false},
	} {
		var exit *ExitError
		var last string
		err := Command{Argv: c.argv, Env: []string{"PATH=/usr/bin:/bin"}, Stderr: func(line string) { last = line }}.Run(t.Context())
		if !errors.As(err, &exit) || exit.Code != c.code || Interrupted(err) != c.interrupted {
			t.Errorf("%s: %v", name, err)
		}
		if (exit.Reason != "") != (c.code == 126 || c.code == 127) || exit.Reason != "" && last != "sh: "+exit.Reason {
			t.Errorf("%s: reason %q, printed %q", name, exit.Reason, last)
		}
	}
}

// TestEndsWithContext ends a command and what it started.
func TestEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	child := 0
	c := command("sleep 60 & echo $!; wait")
	c.Stdout = func(line string) {
		child, _ = strconv.Atoi(strings.TrimSpace(line))
		cancel()
	}
	start := time.Now()
	if err := c.Run(ctx); !Interrupted(err) || time.Since(start) > 10*time.Second {
		t.Errorf("%v after %s", err, time.Since(start))
	}
	waitGone(t, child)
}

// TestKillLeft kills what a command left running in a session of its own.
func TestKillLeft(t *testing.T) {
	AdoptOrphans()
	out, err := command("setsid sh -c 'echo $$; exec sleep 60 > /dev/null 2>&1' & sleep 0.2").Output(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(out))
	if err != nil || syscall.Kill(child, 0) != nil {
		t.Fatalf("%q, %v", out, err)
	}
	if err := KillLeft(); err != nil {
		t.Fatal(err)
	}
	waitGone(t, child)
}

// TestNothingLeft leaves a process running in the group of a command that succeeds.
func TestNothingLeft(t *testing.T) {
	out, err := command("sleep 60 > /dev/null 2>&1 & echo $!").Output(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(out))
	if err != nil {
		t.Fatal(err)
	}
	waitGone(t, child)
}

// asFirst makes the test program the first process of a container, which kills what a command
// leaves: a process in a session of its own, and one that keeps forking.
const asFirst = "KILN_TEST_AS_FIRST"

func TestMain(m *testing.M) {
	if os.Getenv(asFirst) == "" {
		os.Exit(m.Run())
	}
	script := "setsid sleep 60 > /dev/null 2>&1 & setsid sh -c 'f() { f & }; f' > /dev/null 2>&1 & sleep 0.3"
	err := command(script).Run(context.Background())
	running := syscall.Kill(-1, 0) == nil
	if killErr := KillLeft(); os.Getpid() != 1 || err != nil || killErr != nil || !running || syscall.Kill(-1, 0) != syscall.ESRCH {
		os.Exit(1)
	}
	os.Exit(0)
}

// TestKillLeftAsFirst kills everything in a container.
func TestKillLeftAsFirst(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), asFirst+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
	if err := cmd.Start(); err != nil {
		enginetest.Unavailable(t, "cannot make a namespace of processes: %v", err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// TestCannotStart has no command, and no folder for one.
func TestCannotStart(t *testing.T) {
	missing := command("true")
	missing.Dir = filepath.Join(t.TempDir(), "missing")
	for want, c := range map[string]Command{"empty command": {}, "missing: no such file or directory": missing} {
		var exit *ExitError
		if err := c.Run(t.Context()); !errors.As(err, &exit) || !strings.HasSuffix(exit.Reason, want) || Interrupted(err) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// waitGone fails the test if a process does not end.
func waitGone(t *testing.T, pid int) {
	t.Helper()
	for range 200 {
		text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil || strings.Contains(string(text), ") Z ") { // its parent has not noticed
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %d still runs", pid)
}

func TestUser(t *testing.T) {
	if _, err := User("root"); err == nil {
		t.Error("a name is no UID:GID")
	}
	user, err := User("1000:1001")
	if err != nil || (user != nil) != (os.Geteuid() == 0) {
		t.Fatalf("%v, %v", user, err)
	}
	if user == nil {
		enginetest.Unavailable(t, "only root can run commands as a different user")
	}
	c := command("id -u; id -g; id -G")
	c.User = user
	if out, err := c.Output(t.Context()); err != nil || out != "1000\n1001\n1001\n" {
		t.Errorf("%q, %v", out, err)
	}
}
