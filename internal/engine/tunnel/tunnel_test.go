//go:build linux

package tunnel_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"github.com/romanatrashyonok/kiln/cmd"
	"github.com/romanatrashyonok/kiln/internal/engine/tunnel"
	"github.com/romanatrashyonok/kiln/internal/gobuild"
)

// open runs the proxy as a process of this machine, and opens a tunnel to it.
func open(t *testing.T) (tun *tunnel.Tunnel, process *os.Process) {
	t.Helper()
	compiler := gobuild.Compiler{Cache: filepath.Join(os.TempDir(), "kiln-test-cache"), Environ: os.Environ()}
	program, err := compiler.Compile(t.Context(), gobuild.Program{Name: "portforward", Source: cmd.PortForward(), Arch: runtime.GOARCH})
	if err != nil {
		t.Fatal(err)
	}
	proxy := exec.Command(program)
	proxy.Stderr = t.Output()
	in, err := proxy.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := proxy.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	if tun, err = tunnel.New(t.Context(), &pipes{Reader: out, WriteCloser: in}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		tun.Close()
		ended := time.AfterFunc(5*time.Second, func() {
			t.Error("the proxy does not end with its stdin")
			proxy.Process.Kill()
		})
		proxy.Wait()
		ended.Stop()
	})
	return tun, proxy.Process
}

// pipes are the stdin and stdout of a process, as a connection.
type pipes struct {
	io.Reader
	io.WriteCloser
	net.Conn // nil: no deadlines, no addresses
}

func (p *pipes) Read(b []byte) (int, error)  { return p.Reader.Read(b) }
func (p *pipes) Write(b []byte) (int, error) { return p.WriteCloser.Write(b) }
func (p *pipes) Close() error                { return p.WriteCloser.Close() }

// listen serves each connection to a port of this machine, and returns its address.
func listen(t *testing.T, serve func(*net.TCPConn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serve(c.(*net.TCPConn))
		}
	}()
	return l.Addr().String()
}

// echo sends back what it receives, until its end, and then ends.
func echo(c *net.TCPConn) {
	io.Copy(c, c)
	c.Close()
}

func dial(t *testing.T, tun *tunnel.Tunnel, address string) net.Conn {
	t.Helper()
	c, err := tun.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// TestConnIsANetConn runs the conformance test of connections: data, deadlines, close.
func TestConnIsANetConn(t *testing.T) {
	tun, _ := open(t)
	accepted := make(chan *net.TCPConn)
	address := listen(t, func(c *net.TCPConn) { accepted <- c })
	nettest.TestConn(t, func() (one, other net.Conn, stop func(), err error) {
		if one, err = tun.DialContext(t.Context(), "tcp", address); err != nil {
			return nil, nil, nil, err
		}
		other = <-accepted
		return one, other, func() { one.Close(); other.Close() }, nil
	})
}

// TestManyConnections sends data both ways on hundreds of connections at a time.
func TestManyConnections(t *testing.T) {
	tun, _ := open(t)
	address := listen(t, echo)
	var all sync.WaitGroup
	for range 500 {
		all.Go(func() {
			text := make([]byte, 50_000)
			rand.Read(text)
			c, err := tun.DialContext(t.Context(), "tcp", address)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			go func() {
				c.Write(text)
				c.(interface{ CloseWrite() error }).CloseWrite()
			}()
			if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, text) {
				t.Errorf("got %d bytes of %d, %v", len(got), len(text), err)
			}
		})
	}
	all.Wait()
}

// TestHalfClose ends one direction; the other one still works.
func TestHalfClose(t *testing.T) {
	tun, _ := open(t)
	c := dial(t, tun, listen(t, func(c *net.TCPConn) {
		defer c.Close()
		text, err := io.ReadAll(c)
		fmt.Fprintf(c, "received %q, %v", text, err)
	}))
	io.WriteString(c, "hello")
	if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(c); err != nil || string(got) != `received "hello", <nil>` {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestWriteThenClose delivers what was written before the connection was closed.
func TestWriteThenClose(t *testing.T) {
	tun, _ := open(t)
	received := make(chan int64)
	address := listen(t, func(c *net.TCPConn) {
		n, _ := io.Copy(io.Discard, c)
		received <- n
	})
	for range 20 {
		c := dial(t, tun, address)
		c.Write(make([]byte, 300_000))
		c.Close()
		if n := <-received; n != 300_000 {
			t.Fatalf("received %d bytes of 300000", n)
		}
	}
}

// TestLargeBody receives 200 MB. Memory stays flat, also while nothing is read: the sender
// waits, and other connections do not.
func TestLargeBody(t *testing.T) {
	const total = 200 << 20
	tun, _ := open(t)
	var sent hash.Hash
	sending := make(chan int64, 1<<20)
	large := dial(t, tun, listen(t, func(c *net.TCPConn) {
		defer c.Close()
		sent = sha256.New()
		block := make([]byte, 1<<20)
		for n := range int64(total / len(block)) {
			rand.Read(block)
			sent.Write(block)
			if _, err := c.Write(block); err != nil {
				t.Error(err)
			}
			sending <- n
		}
	}))
	other := dial(t, tun, listen(t, echo))
	before := heap()
	time.Sleep(500 * time.Millisecond)
	if n := len(sending); n > 16 {
		t.Errorf("%d MiB were sent, and none read", n)
	}
	other.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(other, "x"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(other, make([]byte, 1)); err != nil {
		t.Fatalf("beside a connection that is not read: %v", err)
	}
	got, most := sha256.New(), before
	for {
		n, err := io.CopyN(got, large, 10<<20)
		most = max(most, heap())
		if err == io.EOF && n == 0 {
			break
		}
		if err != nil && err != io.EOF {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(got.Sum(nil), sent.Sum(nil)) {
		t.Error("the bytes differ")
	}
	if most-min(most, before) > 16<<20 {
		t.Errorf("memory grew from %d to %d bytes", before, most)
	}
}

// heap returns the memory in use, in bytes.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestRefused(t *testing.T) {
	tun, _ := open(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, err := tun.DialContext(t.Context(), "tcp", l.Addr().String()); !errors.Is(err, tunnel.ErrRefused) {
		t.Errorf("got %v", err)
	}
	if _, err := tun.DialContext(t.Context(), "tcp", "no port"); err == nil || errors.Is(err, tunnel.ErrLost) {
		t.Errorf("a bad address: got %v", err)
	}
	dial(t, tun, listen(t, echo)) // still works
}

// TestServerHangs cancels a connection to a server that never answers, and one in the middle
// of its answer: the server sees its end.
func TestServerHangs(t *testing.T) {
	tun, _ := open(t)
	ended := make(chan error, 1)
	c := dial(t, tun, listen(t, func(c *net.TCPConn) {
		io.WriteString(c, "half")
		_, err := io.Copy(io.Discard, c)
		ended <- err
	}))
	c.SetDeadline(time.Now().Add(100 * time.Millisecond))
	got, err := io.ReadAll(c)
	if string(got) != "half" || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %q, %v", got, err)
	}
	c.Close()
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Error("the server's connection is still open")
	}
}

// TestReset is a server that breaks a connection off: the client sees an error, not an end.
func TestReset(t *testing.T) {
	tun, _ := open(t)
	c := dial(t, tun, listen(t, func(c *net.TCPConn) {
		io.CopyN(c, c, 4)
		c.SetLinger(0)
		c.Close()
	}))
	io.WriteString(c, "half")
	if got, err := io.ReadAll(c); err == nil {
		t.Errorf("got %q without an error", got)
	}
}

// TestCancelledDial ends with its context, and leaves the tunnel usable.
func TestCancelledDial(t *testing.T) {
	tun, proxy := open(t)
	address := listen(t, echo)
	if err := proxy.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := tun.DialContext(ctx, "tcp", address)
	if err := proxy.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	dial(t, tun, address)
}

// TestLost is a proxy that was killed: open connections end, new ones fail, with an error
// that says that it is not the server's.
func TestLost(t *testing.T) {
	tun, proxy := open(t)
	address := listen(t, echo)
	c := dial(t, tun, address)
	if err := proxy.Kill(); err != nil {
		t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := c.Read(make([]byte, 1)); err == nil || err == io.EOF || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("an open connection: got %v", err)
	}
	if _, err := tun.DialContext(t.Context(), "tcp", address); !errors.Is(err, tunnel.ErrLost) {
		t.Errorf("a new connection: got %v", err)
	}
}
