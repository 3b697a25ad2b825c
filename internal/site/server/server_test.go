package server_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/gobuild"
	"github.com/romanatrashyonok/kiln/internal/registry"
	"github.com/romanatrashyonok/kiln/internal/report"
	"github.com/romanatrashyonok/kiln/internal/site/server"
	"github.com/romanatrashyonok/kiln/internal/site/sitetest"
	"github.com/romanatrashyonok/kiln/internal/site/suite"
)

// serving is a server that is not nginx, at the address that is its argument.
const serving = `
use IO::Socket::INET;
my $s = IO::Socket::INET->new(LocalAddr => $ARGV[0], LocalPort => 8080, Listen => 9, ReuseAddr => 1) or die $@;
while (my $c = $s->accept) { sysread $c, my $request, 4096; print $c "HTTP/1.0 200 OK\r\n\r\nhello"; close $c }`

// start starts a container of Debian, with a command, and waits for an answer from it.
func start(t *testing.T, r server.Runner, command ...string) (server.Server, error) {
	t.Helper()
	spec := r.Spec("kiln/debian:trixie")
	spec.Command = command
	ctr, err := r.Engine.Run(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ctr.Remove() })
	running, err := r.Await(t.Context(), ctr)
	if err == nil {
		t.Cleanup(func() { running.Remove() })
	}
	return running, err
}

func runner(t *testing.T, e *engine.Client) server.Runner {
	return server.Runner{
		Engine: e, Console: report.New(t.Output(), t.Output(), ""), Port: 8080, Health: suite.Health{Path: "/"}, Dist: t.TempDir(),
		Compiler: gobuild.Compiler{Cache: filepath.Join(os.TempDir(), "kiln-test-cache"), Environ: os.Environ()},
	}
}

// TestListenerOnLoopback reaches a server that a published port would not reach.
func TestListenerOnLoopback(t *testing.T) {
	running, err := start(t, runner(t, enginetest.Engine(t)), "perl", "-e", serving, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Get(sitetest.Offer(t, running))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || string(body) != "hello" {
		t.Errorf("got %q, %v", body, err)
	}
}

// TestServerThatExits is a failure of the image; the error has its exit code.
func TestServerThatExits(t *testing.T) {
	_, err := start(t, runner(t, enginetest.Engine(t)), "sh", "-c", "exit 7")
	if fault.Code(err) != int(fault.Failed) || !strings.Contains(err.Error(), "exited with code 7") {
		t.Errorf("got %v", err)
	}
}

// TestEngineThatGoesAway is an environment problem, not a fault of the server.
func TestEngineThatGoesAway(t *testing.T) {
	direct := enginetest.Engine(t)
	proxy := enginetest.NewProxy(t, direct)
	getenv := func(name string) string { return map[string]string{"DOCKER_HOST": proxy.Host}[name] }
	e, err := engine.Connect(t.Context(), getenv, registry.New(os.Getenv, ""))
	if err != nil {
		t.Fatal(err)
	}
	running, err := start(t, runner(t, e), "perl", "-e", serving, "0.0.0.0")
	if err != nil {
		t.Fatal(err)
	}
	enginetest.RemoveLater(t, direct, running.ID)
	proxy.Shut()
	if _, err := running.DialContext(t.Context(), "tcp", ""); fault.Code(err) != int(fault.Environment) {
		t.Errorf("got %v", err)
	}
	if err := running.Err(); fault.Code(err) != int(fault.Environment) {
		t.Errorf("got %v", err)
	}
}

// TestOfferedPortIsTaken is an environment problem with a fix.
func TestOfferedPortIsTaken(t *testing.T) {
	running, err := start(t, runner(t, enginetest.Engine(t)), "perl", "-e", serving, "0.0.0.0")
	if err != nil {
		t.Fatal(err)
	}
	taken := strings.TrimPrefix(sitetest.Offer(t, running), "http://")
	_, err = running.Listen(taken)
	if fault.Code(err) != int(fault.Environment) || !strings.Contains(err.Error(), syscall.EADDRINUSE.Error()) || !strings.Contains(err.Error(), "fix: choose a different port") {
		t.Errorf("got %v", err)
	}
}
