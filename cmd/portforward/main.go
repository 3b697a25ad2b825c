// Command portforward connects a client to ports of the network namespace that it runs in.
// Its stdin and stdout are the connection to the client: on it, it is an HTTP/2 proxy
// (RFC 9113) without TLS. Each stream is a CONNECT (section 8.5), a TCP connection to the
// address that it names. It ends when its stdin does.
//
// Kiln runs it beside a container; the client is internal/engine/tunnel. It imports only the
// standard library, because Kiln compiles its embedded source for the engine's architecture.
package main

import (
	"errors"
	"log"
	"net"
	"net/http"
	"time"
)

// maxStreams bounds the connections that are open at a time.
const maxStreams = 20_000

// How much is received before servers read it, in bytes: of each connection, and of all. A
// server that does not read holds up no other connection.
const (
	streamBuffer = 64 << 10
	totalBuffer  = 4<<20 - 1 // the most that HTTP2Config allows
)

// The client is gone when it sends nothing for silence, and then does not answer a ping
// within pingTimeout.
const (
	silence     = 15 * time.Second
	pingTimeout = 15 * time.Second
)

func main() {
	log.SetFlags(0)
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	only := newOneConn()
	server := &http.Server{
		Handler: http.HandlerFunc(connect), Protocols: &protocols,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: maxStreams, MaxReceiveBufferPerStream: streamBuffer, MaxReceiveBufferPerConnection: totalBuffer,
			SendPingTimeout: silence, PingTimeout: pingTimeout,
		},
		ConnState: only.endWith,
	}
	if err := server.Serve(only); !errors.Is(err, net.ErrClosed) {
		log.Fatal(err)
	}
}
