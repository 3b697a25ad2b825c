package engine

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine/tunnel"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/gobuild"
)

// testForward starts a container, and a way to its ports.
func testForward(t *testing.T, e *Client) (*Container, *Forward) {
	t.Helper()
	c := testContainer(t, e, Spec{})
	f, err := c.Forward(t.Context(), gobuild.Compiler{Cache: filepath.Join(os.TempDir(), "kiln-test-cache"), Environ: os.Environ()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return c, f
}

// TestForward connects to a container in which perl serves, on loopback.
func TestForward(t *testing.T) {
	c, f := testForward(t, realEngine(t))
	const address = "127.0.0.1:8000"
	if _, err := f.DialContext(t.Context(), "tcp", address); !errors.Is(err, tunnel.ErrRefused) || f.Err() != nil {
		t.Errorf("nothing listens: got %v, %v", err, f.Err())
	}
	go c.Exec(t.Context(), Command{Argv: []string{"perl", "-MIO::Socket::INET", "-e", `
		$s = IO::Socket::INET->new(LocalAddr => "127.0.0.1:8000", Listen => 9, ReuseAddr => 1) or die;
		while ($c = $s->accept) { while (<$c>) { print $c "got $_" } print $c "end\n"; close $c }`}})
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		conn, err := f.DialContext(t.Context(), "tcp", address)
		if err != nil && time.Now().Before(end) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(20 * time.Second))
		io.WriteString(conn, "hello\n")
		conn.(interface{ CloseWrite() error }).CloseWrite()
		if got, err := io.ReadAll(bufio.NewReader(conn)); err != nil || string(got) != "got hello\nend\n" {
			t.Errorf("got %q, %v", got, err)
		}
		break
	}
	hardened(t, f.program)
}

// hardened requires that a container has no rights, and publishes nothing.
func hardened(t *testing.T, c *Container) {
	t.Helper()
	info, err := c.engine.api.ContainerInspect(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if h := info.HostConfig; !h.ReadonlyRootfs || len(h.CapDrop) != 1 || h.CapDrop[0] != "ALL" || len(h.PortBindings) > 0 || info.Config.User != nobody || info.Config.Labels[Label] == "" {
		t.Errorf("got %+v, user %q", h, info.Config.User)
	}
}

// TestForwardIsLost is an environment problem: it is not the server that fails.
func TestForwardIsLost(t *testing.T) {
	_, f := testForward(t, realEngine(t))
	if err := f.program.Remove(); err != nil {
		t.Fatal(err)
	}
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DialContext: f.DialContext}}
	_, err := client.Get("http://127.0.0.1:8000/")
	if fault.Code(err) != int(fault.Environment) || !strings.Contains(err.Error(), "is lost") {
		t.Errorf("got %v", err)
	}
	if fault.Code(f.Err()) != int(fault.Environment) {
		t.Errorf("got %v", f.Err())
	}
}

// TestForwardEndsWithItsClient: the program is gone once nobody is connected to it, without
// being removed.
func TestForwardEndsWithItsClient(t *testing.T) {
	_, f := testForward(t, realEngine(t))
	f.tunnel.Close()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if _, err := f.program.State(t.Context()); err != nil {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the program still runs")
		}
	}
}
