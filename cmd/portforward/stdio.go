package main

import (
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// oneConn is a listener that accepts one connection: stdin and stdout.
type oneConn struct {
	conn  chan net.Conn
	ended chan struct{}
	end   sync.Once
}

func newOneConn() *oneConn {
	l := &oneConn{conn: make(chan net.Conn, 1), ended: make(chan struct{})}
	l.conn <- stdio{}
	return l
}

// Accept returns the connection, then waits for its end.
func (l *oneConn) Accept() (net.Conn, error) {
	select {
	case c := <-l.conn:
		return c, nil
	case <-l.ended:
		return nil, net.ErrClosed
	}
}

// endWith ends the listener with its connection.
func (l *oneConn) endWith(_ net.Conn, state http.ConnState) {
	if state == http.StateClosed {
		l.Close()
	}
}

func (l *oneConn) Close() error {
	l.end.Do(func() { close(l.ended) })
	return nil
}

func (l *oneConn) Addr() net.Addr { return stdio{} }

// stdio is a connection over stdin and stdout. They may be pipes without deadlines; the
// client's silence is found by pings.
type stdio struct{}

func (stdio) Read(p []byte) (int, error)  { return os.Stdin.Read(p) }
func (stdio) Write(p []byte) (int, error) { return os.Stdout.Write(p) }

func (stdio) Close() error {
	os.Stdin.Close()
	return os.Stdout.Close()
}

func (stdio) LocalAddr() net.Addr              { return stdio{} }
func (stdio) RemoteAddr() net.Addr             { return stdio{} }
func (stdio) SetDeadline(time.Time) error      { return nil }
func (stdio) SetReadDeadline(time.Time) error  { return nil }
func (stdio) SetWriteDeadline(time.Time) error { return nil }

// Network and String make stdio an address as well.
func (stdio) Network() string { return "stdio" }
func (stdio) String() string  { return "stdio" }
