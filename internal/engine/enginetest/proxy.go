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

// Proxy is a proxy in front of the real engine. Once it is shut, the engine has stopped for
// its clients.
type Proxy struct {
	Host string // for DOCKER_HOST

	listener net.Listener
	mu       sync.Mutex
	open     []net.Conn
}

// NewProxy starts a proxy in front of an engine that listens on a socket of this machine. It
// is shut when the test ends.
func NewProxy(t testing.TB, e *engine.Client) *Proxy {
	t.Helper()
	info, err := e.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	socket, ok := strings.CutPrefix(info.Host, "unix://")
	if !ok {
		Unavailable(t, "no local engine, it is at %s", info.Host)
	}
	dir, err := os.MkdirTemp("", "proxy") // not t.TempDir: the length of a socket's path is limited
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "docker.sock")
	p := &Proxy{Host: "unix://" + path}
	if p.listener, err = net.Listen("unix", path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Shut)
	go p.serve(socket)
	return p
}

// Shut closes every connection and accepts no further ones.
func (p *Proxy) Shut() {
	p.listener.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.open {
		c.Close()
	}
}

func (p *Proxy) serve(socket string) {
	for {
		from, err := p.listener.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("unix", socket)
		if err != nil {
			from.Close()
			continue
		}
		p.mu.Lock()
		p.open = append(p.open, from, to)
		p.mu.Unlock()
		go pass(to, from)
		go pass(from, to)
	}
}

// pass copies a connection to its end, then ends the other one.
func pass(to, from net.Conn) {
	io.Copy(to, from)
	to.(*net.UnixConn).CloseWrite()
}
