//go:build linux

package jobserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// hold holds a jobserver for the test.
func hold(t *testing.T, jobs int) Fifo {
	t.Helper()
	f := Fifo(filepath.Join(t.TempDir(), "jobs"))
	ctx, end := context.WithCancel(context.Background())
	ready, ended := make(chan bool), make(chan error, 1)
	go func() { ended <- f.Hold(ctx, jobs, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-ended:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		end()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(string(f)); !os.IsNotExist(err) {
			t.Errorf("the fifo is left: %v", err)
		}
	})
	return f
}

// acquired reports whether a token is free, and takes it.
func acquired(t *testing.T, f Fifo) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := f.Acquire(ctx)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	return err == nil
}

func TestTokens(t *testing.T) {
	f := hold(t, 2)
	for n, want := range []bool{true, true, false} {
		if acquired(t, f) != want {
			t.Errorf("token %d was taken: %v", n, !want)
		}
	}
	if err := f.Release(); err != nil {
		t.Fatal(err)
	}
	if !acquired(t, f) || acquired(t, f) {
		t.Error("want the token that was returned")
	}
	for file, want := range map[string]os.FileMode{string(f): 0o666 | os.ModeNamedPipe, f.budget(): 0o644} {
		if info, err := os.Stat(file); err != nil || info.Mode() != want {
			t.Errorf("%s: mode %v, %v", file, info.Mode(), err)
		}
	}
}

// TestShrink halves the jobs until one is left, on behalf of a build that holds a token.
func TestShrink(t *testing.T) {
	f := hold(t, 10)
	if !acquired(t, f) {
		t.Fatal("no token")
	}
	for _, want := range []int{5, 2, 1} {
		if halved, missing, err := f.Shrink(t.Context(), time.Minute); err != nil || !halved || missing > 0 {
			t.Fatalf("%v, %d missing, %v", halved, missing, err)
		}
		if jobs, err := f.Jobs(); err != nil || jobs != want {
			t.Errorf("%d jobs, %v; want %d", jobs, err, want)
		}
	}
	if halved, _, err := f.Shrink(t.Context(), time.Minute); err != nil || halved {
		t.Errorf("a single job was halved: %v, %v", halved, err)
	}
	if acquired(t, f) { // the last one is the build's own
		t.Error("a token is left")
	}
}

// TestLostTokens halves the jobs where a make was killed that held tokens, then ends while it waits.
func TestLostTokens(t *testing.T) {
	f := hold(t, 8)
	for range 6 { // one of the build, five lost
		if !acquired(t, f) {
			t.Fatal("no token")
		}
	}
	if halved, missing, err := f.Shrink(t.Context(), 50*time.Millisecond); err != nil || !halved || missing != 2 {
		t.Errorf("%v, %d missing, %v", halved, missing, err)
	}
	if jobs, err := f.Jobs(); err != nil || jobs != 4 {
		t.Errorf("%d jobs, %v", jobs, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, _, err := f.Shrink(ctx, time.Minute); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// TestRubbish has something else than a number in the file of the budget.
func TestRubbish(t *testing.T) {
	f := hold(t, 8)
	for _, text := range []string{"", "many", "0", "-3"} {
		if err := os.WriteFile(f.budget(), []byte(text), 0); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("read %s: %q: expected a number from 1", f.budget(), text)
		if _, err := f.Jobs(); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
		if _, _, err := f.Shrink(t.Context(), time.Minute); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestStaleFifosAreRemoved(t *testing.T) {
	dir := t.TempDir()
	old, young := time.Now().Add(-stale-time.Hour), time.Now()
	for name, when := range map[string]time.Time{"old": old, "old.jobs": old, "half.jobs": old, "young": young, "young.jobs": old} {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(file, nil, 0o644), os.Chtimes(file, when, when)); err != nil {
			t.Fatal(err)
		}
	}
	Fifo(filepath.Join(dir, "new")).removeStale()
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(left) != 2 || filepath.Base(left[0]) != "young" {
		t.Errorf("left %q, %v", left, err)
	}
}

// client stands in for a make older than 4.4, which knows no fifo: it runs four jobs, each with a
// token, and the first with the one that was acquired for it.
const client = `fifo=${MAKEFLAGS#*fifo:}
job() { echo + >> log; sleep 0.1; echo - >> log; }
job &
for n in 2 3 4; do (token=$(head -c 1 <&3); job; printf %s "$token" >&3) 3<>$fifo & done
wait`

// makefile has the same four jobs.
const makefile = "all: 1 2 3 4\n1 2 3 4: ; @echo + >> log; sleep 0.1; echo - >> log\n"

// makeOrClient returns the command line of make, or of its stand-in.
func makeOrClient(t *testing.T) []string {
	out, err := exec.CommandContext(t.Context(), "make", "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	var major, minor int
	fmt.Sscanf(string(out), "GNU Make %d.%d", &major, &minor)
	t.Logf("GNU Make %d.%d", major, minor)
	if major > 4 || major == 4 && minor >= 4 {
		return []string{"make", "-f", "Makefile"}
	}
	return []string{"bash", "-c", client}
}

// TestMakesShareTokens runs two makes of four jobs each with three tokens.
func TestMakesShareTokens(t *testing.T) {
	f := hold(t, 3)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Makefile"), []byte(makefile), 0o644); err != nil {
		t.Fatal(err)
	}
	flags := f.Flags(3)
	argv := makeOrClient(t)
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if err := f.Acquire(t.Context()); err != nil {
				t.Error(err)
			}
			cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "MAKEFLAGS="+flags)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
			if err := f.Release(); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	log, err := os.ReadFile(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	running, most := 0, 0
	for _, line := range strings.Fields(string(log)) {
		running += map[string]int{"+": 1, "-": -1}[line]
		most = max(most, running)
	}
	if strings.Count(string(log), "+") != 8 || running != 0 || most < 2 || most > 3 {
		t.Errorf("%d jobs, at most %d at once; want 8, and 2 or 3", strings.Count(string(log), "+"), most)
	}
	for range 3 {
		if !acquired(t, f) {
			t.Error("a token is lost")
		}
	}
}
