package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"
)

// dialTimeout bounds how long a server takes to accept; loopback answers at once.
const dialTimeout = 10 * time.Second

// lingerTimeout bounds the delivery of what a client sent before it closed its connection.
const lingerTimeout = time.Second

// Sizes of the two buffers of a connection, in bytes: small, since ten thousand connections
// may be open, and large for what a server sends fast.
const (
	bufferSize = 16 << 10
	fastBuffer = 64 << 10
)

// connect serves one CONNECT. The status is 200 for a connection, 502 for one that was
// refused and 504 for any other failure, with its text as the body.
func connect(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		http.Error(w, "only CONNECT is supported", http.StatusMethodNotAllowed)
		return
	}
	dialer := net.Dialer{Timeout: dialTimeout, KeepAlive: -1}
	conn, err := dialer.DialContext(r.Context(), "tcp", r.Host)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		http.Error(w, err.Error(), http.StatusBadGateway)
	case err != nil:
		http.Error(w, err.Error(), http.StatusGatewayTimeout)
	default:
		pass(r.Context(), conn.(*net.TCPConn), w, r.Body)
	}
}

// pass copies both directions until the server has sent everything, or the client is gone.
func pass(ctx context.Context, conn *net.TCPConn, w http.ResponseWriter, body io.Reader) {
	defer conn.Close()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		if err := send(conn, body); err == nil {
			conn.CloseWrite()
		}
	}()
	stop := context.AfterFunc(ctx, func() {
		conn.SetWriteDeadline(time.Now().Add(lingerTimeout))
		<-sent
		conn.Close() // ends receive
	})
	defer stop()
	if err := receive(w, conn); err != nil {
		panic(http.ErrAbortHandler) // resets the stream: the client sees an error instead of an end
	}
}

// send copies what the client sends to the server.
func send(conn *net.TCPConn, body io.Reader) error {
	// Without ReadFrom, which would take a larger buffer.
	_, err := io.CopyBuffer(struct{ io.Writer }{conn}, body, make([]byte, bufferSize))
	return err
}

// receive copies what the server sends to the client, and sends each piece at once.
func receive(w http.ResponseWriter, conn *net.TCPConn) error {
	control := http.NewResponseController(w)
	w.WriteHeader(http.StatusOK)
	if err := control.Flush(); err != nil {
		return err
	}
	for buffer := make([]byte, bufferSize); ; {
		n, err := conn.Read(buffer)
		if n > 0 {
			if _, err := w.Write(buffer[:n]); err != nil {
				return err
			}
			if err := control.Flush(); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if n == bufferSize {
			buffer = make([]byte, fastBuffer)
		}
	}
}
