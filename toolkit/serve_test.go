package toolkit

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
)

// TestServeShowsChanges serves a site, changes its page, breaks its configuration, fixes it, and ends it.
func TestServeShowsChanges(t *testing.T) {
	e := enginetest.Engine(t)
	t.Cleanup(func() { e.RemoveImage(context.Background(), "registry.invalid/serve:latest") })
	c := newClone(t)
	port := freePort(t)
	cmd := exec.Command(c.kiln, "serve")
	var log lockedBuffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, &log, &log
	cmd.Env = append(os.Environ(), fmt.Sprintf("KILN_SITE_PORT=%d", port), "KILN_SITE_REPOSITORY=registry.invalid/serve")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	index, address := filepath.Join(c.dir, "site", "content", "index.html"), fmt.Sprintf("http://127.0.0.1:%d/", port)
	change := func(text string) {
		if err := os.WriteFile(index, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	shows(t, address, "<!doctype html>", &log)
	change("<p>first change</p>")
	shows(t, address, "first change", &log)
	conf := filepath.Join(c.dir, "site", "nginx.conf")
	good, err := os.ReadFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	half := bytes.Replace(good, []byte("try_files $uri $uri/index.html =404;"), []byte("try_files;"), 1)
	if err := os.WriteFile(conf, half, 0o644); err != nil {
		t.Fatal(err)
	}
	line := 1 + bytes.Count(half[:bytes.Index(half, []byte("try_files;"))], []byte("\n"))
	within(t, "the half-typed line is not logged", &log, func() bool { return strings.Contains(log.String(), fmt.Sprintf("nginx.conf:%d:", line)) })
	shows(t, address, "first change", &log)
	if err := os.WriteFile(conf, good, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.dir, "site", "site.toml"), []byte("[[expect"), 0o644); err != nil {
		t.Fatal(err)
	}
	within(t, "nothing is logged about site.toml", &log, func() bool {
		return strings.Contains(log.String(), "site.toml has changed: it is read when serve starts")
	})
	change("<p>second change</p>")
	shows(t, address, "second change", &log)
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after Ctrl-C: %v\n%s", err, &log)
	}
}

// shows waits until a page contains a text.
func shows(t *testing.T, address, text string, log fmt.Stringer) {
	t.Helper()
	within(t, fmt.Sprintf("the page does not show %q", text), log, func() bool {
		response, err := http.Get(address)
		if err != nil {
			return false
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		return err == nil && strings.Contains(string(body), text)
	})
}

// within waits up to a minute for a condition.
func within(t *testing.T, complaint string, log fmt.Stringer, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s\n%s", complaint, log)
		}
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// lockedBuffer is a buffer for use by several goroutines.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
