package tunnel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// lingerTimeout bounds the delivery of what was written before Close.
const lingerTimeout = time.Second

// conn is one connection: a stream of HTTP/2 between two pipes, which add deadlines.
type conn struct {
	in, out           net.Conn        // near ends
	received, sending net.Conn        // far ends: what the stream has received, and what it sends
	ctx               context.Context // of the stream
	cancel            context.CancelFunc
	allSent, closed   chan struct{}
	onceSent, once    sync.Once
	remote            addr

	mu  sync.Mutex
	err error // why the stream broke off
}

func newConn(ctx context.Context, address string) *conn {
	c := &conn{allSent: make(chan struct{}), closed: make(chan struct{}), remote: addr(address)}
	c.ctx, c.cancel = context.WithCancel(ctx)
	c.in, c.received = net.Pipe()
	c.out, c.sending = net.Pipe()
	return c
}

// receive copies what the stream receives, until its end or that of the connection.
func (c *conn) receive(stream io.ReadCloser) {
	_, err := io.Copy(writer{c.received}, stream)
	if errors.Is(err, io.ErrClosedPipe) {
		<-c.ctx.Done() // Close ends the stream once all is sent
	} else if err != nil {
		c.mu.Lock()
		c.err = fmt.Errorf("connection reset: %w", err)
		c.mu.Unlock()
	}
	c.received.Close()
	stream.Close()
}

// writer hides the other methods of a connection, as ReadFrom.
type writer struct{ io.Writer }

// body is what a stream sends.
type body struct{ *conn }

// Read is called by the stream, for the next bytes to send: it has sent those before.
func (b body) Read(p []byte) (int, error) {
	n, err := b.sending.Read(p)
	if err != nil {
		b.onceSent.Do(func() { close(b.allSent) })
	}
	return n, err
}

// Close is called by the stream when it sends no more.
func (b body) Close() error {
	b.onceSent.Do(func() { close(b.allSent) })
	return b.sending.Close()
}

// Read reads what the other end sent. After an end that the other end did not send, the
// error says why.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	if err == io.EOF {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.err != nil {
			err = c.err
		}
	}
	return n, err
}

// Write waits until the stream takes the bytes.
func (c *conn) Write(p []byte) (int, error) { return c.out.Write(p) }

// CloseWrite tells the other end that there is no more to come. What it sends is still
// received.
func (c *conn) CloseWrite() error { return c.out.Close() }

// Close ends the connection. What was written before is delivered.
func (c *conn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.out.Close()
		c.in.Close()
		go c.end()
	})
	return nil
}

// end ends the stream once it has sent what was written.
func (c *conn) end() {
	select {
	case <-c.allSent:
	case <-time.After(lingerTimeout):
	}
	c.cancel()
}

func (c *conn) LocalAddr() net.Addr  { return addr("tunnel") }
func (c *conn) RemoteAddr() net.Addr { return c.remote }

func (c *conn) SetDeadline(t time.Time) error {
	c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.in.SetReadDeadline(t) // fails at the end of what there is to read, where it has no effect
	return c.open()
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.out.SetWriteDeadline(t) // fails after CloseWrite, where it has no effect
	return c.open()
}

// open returns an error once the connection was closed.
func (c *conn) open() error {
	select {
	case <-c.closed:
		return net.ErrClosed
	default:
		return nil
	}
}

// addr is an address as it was asked for.
type addr string

func (addr) Network() string  { return "tcp" }
func (a addr) String() string { return string(a) }
