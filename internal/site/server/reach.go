package server

import (
	"context"
	"net"
	"strconv"
)

// loopback returns the addresses of a port inside a container, the one to try first first.
func loopback(port int) []string {
	number := strconv.Itoa(port)
	return []string{net.JoinHostPort("127.0.0.1", number), net.JoinHostPort("::1", number)}
}

// DialContext connects to the server, whatever the address is. A server that listens only on
// IPv6 is reached too.
func (s Server) DialContext(ctx context.Context, network, _ string) (net.Conn, error) {
	port, err := strconv.Atoi(s.URL.Port())
	if err != nil {
		return nil, err
	}
	addresses := loopback(port)
	conn, err := s.forward.DialContext(ctx, network, addresses[0])
	if err == nil || s.Err() != nil || ctx.Err() != nil {
		return conn, err
	}
	if conn, other := s.forward.DialContext(ctx, network, addresses[1]); other == nil {
		return conn, nil
	}
	return nil, err
}

// Listen offers the server at an address of this machine, until the listener is closed.
// It can be replaced there by a different one.
func (s Server) Listen(address string) (*Listener, error) { return listen(address, s) }
