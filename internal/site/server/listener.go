package server

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// Listener offers a server at an address of this machine: it passes each connection on, so
// the server may be elsewhere.
type Listener struct {
	URL    *url.URL // of the site's root, on this machine
	tcp    net.Listener
	server atomic.Pointer[Server]
	ctx    context.Context // of all connections
	cancel context.CancelFunc
	open   sync.WaitGroup
}

func listen(address string, s Server) (*Listener, error) {
	tcp, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fault.New(fault.Environment, "choose a different port (port in site.toml, or KILN_SITE_PORT), or stop what uses it", "serve the site: %w", err)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Environment, err)
	}
	l := &Listener{URL: &url.URL{Scheme: "http", Host: tcp.Addr().String()}, tcp: tcp}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.Replace(s)
	l.open.Go(l.accept)
	return l, nil
}

// Replace passes new connections on to a different server.
func (l *Listener) Replace(s Server) { l.server.Store(&s) }

// Close stops listening and ends all connections.
func (l *Listener) Close() error {
	err := l.tcp.Close()
	l.cancel()
	l.open.Wait()
	return err
}

func (l *Listener) accept() {
	for {
		conn, err := l.tcp.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			l.open.Go(func() { l.pass(conn.(*net.TCPConn)) })
		}
	}
}

// halfCloser is a connection of which one direction can be ended.
type halfCloser interface {
	net.Conn
	CloseWrite() error
}

// pass passes a connection on to the server.
func (l *Listener) pass(client halfCloser) {
	defer client.Close()
	to, err := l.server.Load().DialContext(l.ctx, "tcp", "")
	if err != nil {
		return // as a server that is not there
	}
	server := to.(halfCloser)
	stop := context.AfterFunc(l.ctx, func() {
		client.Close()
		server.Close()
	})
	defer stop()
	defer server.Close()
	go copyTo(server, client)
	copyTo(client, server)
}

// copyTo copies one direction, with its end.
func copyTo(to, from halfCloser) {
	if _, err := io.Copy(to, from); err != nil {
		to.Close()
	} else {
		to.CloseWrite()
	}
}
