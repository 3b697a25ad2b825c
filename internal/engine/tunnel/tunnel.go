// Package tunnel opens connections to ports that are elsewhere, many at a time, over one
// connection to a proxy beside them: cmd/portforward, which speaks HTTP/2 (RFC 9113). That
// gives each connection flow control, half close and reset.
package tunnel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Other end's silence after which it is asked for a sign of life, and the time that it has
// to give it.
const (
	silence     = 15 * time.Second
	pingTimeout = 15 * time.Second
)

// streamBuffer is how much of a connection is received before it is read, in bytes.
const streamBuffer = 1 << 20

// frameSize is how much the proxy may send at a time, in bytes.
const frameSize = 64 << 10

// ErrLost is the error of connections whose tunnel has ended.
var ErrLost = errors.New("the connection to the container is lost")

// ErrRefused is the error of Dial where nothing listens.
var ErrRefused = errors.New("connection refused")

// Tunnel is a connection to a proxy. It is safe for concurrent use.
type Tunnel struct {
	conn *http.ClientConn
}

// New opens a tunnel over a connection, which it owns: Close closes it. The other end need
// not have answered yet.
func New(ctx context.Context, over net.Conn) (*Tunnel, error) {
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{
		Protocols: &protocols, DisableCompression: true,
		HTTP2:       &http.HTTP2Config{MaxReadFrameSize: frameSize, MaxReceiveBufferPerStream: streamBuffer, SendPingTimeout: silence, PingTimeout: pingTimeout},
		DialContext: func(context.Context, string, string) (net.Conn, error) { return over, nil },
	}
	conn, err := transport.NewClientConn(ctx, "http", "proxy:80")
	if err != nil {
		over.Close()
		return nil, fmt.Errorf("%w: %w", ErrLost, err)
	}
	return &Tunnel{conn}, nil
}

// Err returns why the tunnel has ended, ErrLost; nil while it works.
func (t *Tunnel) Err() error {
	if err := t.conn.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrLost, err)
	}
	return nil
}

// Close ends all connections and the tunnel.
func (t *Tunnel) Close() error { return t.conn.Close() }

// DialContext connects to a TCP port, as seen from the proxy. The context bounds only the
// connecting. The error is ErrRefused where nothing listens, and ErrLost where the tunnel
// has ended.
func (t *Tunnel) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := t.dial(ctx, address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Addr: addr(address), Err: err}
	}
	return c, nil
}

func (t *Tunnel) dial(ctx context.Context, address string) (*conn, error) {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return nil, err
	}
	c := newConn(context.WithoutCancel(ctx), address)
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Host: address}, Host: address, Header: http.Header{}, Body: body{c}, ContentLength: -1}
	stop := context.AfterFunc(ctx, c.cancel)
	response, err := t.conn.RoundTrip(request.WithContext(c.ctx))
	if err = outcome(response, err); !stop() {
		err = ctx.Err()
	}
	if err != nil {
		c.Close()
		c.cancel()
		if response != nil {
			response.Body.Close()
		}
		return nil, err
	}
	go c.receive(response.Body)
	return c, nil
}

// messageLimit bounds the text of a refusal, in bytes.
const messageLimit = 1024

// outcome returns the error of an answer to CONNECT, nil for a connection.
func outcome(response *http.Response, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrLost, err)
	case response.StatusCode == http.StatusOK:
		return nil
	case response.StatusCode == http.StatusBadGateway:
		return ErrRefused
	}
	text, _ := io.ReadAll(io.LimitReader(response.Body, messageLimit))
	return errors.New(strings.TrimSpace(string(text)))
}
