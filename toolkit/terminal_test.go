//go:build unix

package toolkit

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
)

// TestClosedTerminalEndsShell closes the terminal in which kernel:shell is open: the container
// and the lock of the kernel are removed.
func TestClosedTerminalEndsShell(t *testing.T) {
	e := enginetest.Engine(t)
	cmd := exec.Command("go", "tool", "mage", "kernel:shell", "-arch=amd64")
	cmd.Dir, cmd.Env = "..", append(slow(t), "KILN_KERNEL_NAME=terminal", "TERM=xterm")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	removeKernel(t, e, "terminal")
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	awaitText(t, terminal, "$ ")
	left := func() []string {
		return append(enginetest.Containers(t, e, "kiln-build-terminal-"), enginetest.Containers(t, e, "kiln-lock-kiln-output-terminal-")...)
	}
	if open := left(); len(open) != 2 {
		t.Fatalf("a shell is open; got containers %v, want its own and its lock", open)
	}
	closed := time.Now()
	terminal.Close()
	cmd.Wait()
	if err := awaitGroupEnd(cmd.Process.Pid, closed.Add(5*time.Second)); err != nil {
		t.Error(err)
	}
	for len(left()) > 0 && time.Since(closed) < 5*time.Second {
		time.Sleep(50 * time.Millisecond)
	}
	if still := left(); len(still) > 0 {
		t.Errorf("5 s after the terminal was closed there is %v", still)
	}
}

// awaitText reads a terminal until it shows a text. Nothing reads it afterwards: a read would
// keep it open.
func awaitText(t *testing.T, terminal *os.File, text string) {
	t.Helper()
	var shown strings.Builder
	result := make(chan error, 1)
	go func() {
		buffer := make([]byte, 1024)
		for !strings.Contains(shown.String(), text) {
			n, err := terminal.Read(buffer)
			if shown.Write(buffer[:n]); err != nil {
				result <- err
				return
			}
		}
		result <- nil
	}()
	select {
	case err := <-result:
		if err != nil {
			t.Fatalf("the terminal shows no %q: %v\n%s", text, err, &shown)
		}
	case <-time.After(3 * time.Minute):
		t.Fatalf("the terminal does not show %q", text)
	}
}
