package enginetest

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/engine"
)

// Proxy is a way to the real engine that can be shut: to whoever went through, the
// engine has stopped.
type Proxy struct {
	Host string // for DOCKER_HOST

	listener net.Listener
	mu       sync.Mutex
	open     []net.Conn
}

// NewProxy opens a gate before an engine that listens on a socket of this machine. It is
// shut when the test ends.
func NewProxy(t testing.TB, e *engine.Client) *Proxy {
	t.Helper()
	info, err := e.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	engine, ok := strings.CutPrefix(info.Host, "unix://")
	if !ok {
		Unavailable(t, "the engine is at %s, not at a socket of this machine", info.Host)
	}
	dir, err := os.MkdirTemp("", "gate") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "docker.sock")
	g := &Proxy{Host: "unix://" + path}
	if g.listener, err = net.Listen("unix", path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Shut)
	go g.serve(engine)
	return g
}

// Shut cuts every connection, and lets nobody in any more.
func (g *Proxy) Shut() {
	g.listener.Close()
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.open {
		c.Close()
	}
}

func (g *Proxy) serve(engine string) {
	for {
		from, err := g.listener.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("unix", engine)
		if err != nil {
			from.Close()
			continue
		}
		g.mu.Lock()
		g.open = append(g.open, from, to)
		g.mu.Unlock()
		go pass(to, from)
		go pass(from, to)
	}
}

// pass hands on what comes, and then that no more comes.
func pass(to, from net.Conn) {
	io.Copy(to, from)
	to.(*net.UnixConn).CloseWrite()
}
