package site

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
)

// slowClients is how many connections say half a request and then nothing.
const slowClients = 10_000

// TestSlowClientsKeepNobodyOut opens ten thousand connections that send half a request,
// and asks for the page meanwhile.
func TestSlowClientsKeepNobodyOut(t *testing.T) {
	s := shopFor(t, "slow", "registry.invalid")
	ctr, at := serveBox(t, s)
	open := beSlow(t, inside(t, ctr, s.Bundle.Port()))
	if open < slowClients {
		t.Fatalf("only %d connections could be opened", open)
	}
	for range 20 {
		start := time.Now()
		response, err := (&http.Client{Timeout: 5 * time.Second}).Get(at + "/index.html")
		if err != nil {
			t.Fatalf("with %d slow clients: %v", open, err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK || len(body) == 0 {
			t.Fatalf("with %d slow clients: %d, %v", open, response.StatusCode, err)
		}
		if spent := time.Since(start); spent > 2*time.Second {
			t.Errorf("the page took %s", spent)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// inside gives a port of the container on the engine's own network: what publishes a port
// takes two files for each connection.
func inside(t *testing.T, ctr *engine.Container, port int) string {
	t.Helper()
	text, err := ctr.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var info struct{ NetworkSettings struct{ IPAddress string } }
	if err := json.Unmarshal([]byte(text), &info); err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort(info.NetworkSettings.IPAddress, strconv.Itoa(port))
}

// beSlow opens the connections, which are closed when the test ends, and tells how many.
func beSlow(t *testing.T, host string) int {
	t.Helper()
	var mu sync.Mutex
	var conns []net.Conn
	t.Cleanup(func() {
		for _, c := range conns {
			c.Close()
		}
	})
	var all sync.WaitGroup
	turn := make(chan struct{}, 64)
	for range slowClients {
		turn <- struct{}{}
		all.Go(func() {
			defer func() { <-turn }()
			c, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(t.Context(), "tcp", host)
			if err != nil {
				return
			}
			fmt.Fprintf(c, "GET /index.html HTTP/1.1\r\nHost: %s\r\nX-Slow: ", host)
			mu.Lock()
			defer mu.Unlock()
			conns = append(conns, c)
		})
	}
	all.Wait()
	return len(conns)
}
