package server_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/site/server"
	"github.com/romanatrashyonok/kiln/internal/site/sitetest"
)

// slowClients is the number of connections that send half a request and then nothing.
const slowClients = 10_000

// TestSlowClientsDoNotBlockOthers opens ten thousand connections that send half a request,
// and requests the page meanwhile.
func TestSlowClientsDoNotBlockOthers(t *testing.T) {
	s := sitetest.Open(t, "slow", sitetest.NoRegistry)
	running := sitetest.Serve(t, s)
	open := openSlow(t, running)
	if open < slowClients {
		t.Fatalf("only %d connections could be opened", open)
	}
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DialContext: running.DialContext}}
	defer client.CloseIdleConnections()
	for range 20 {
		start := time.Now()
		response, err := client.Get(running.URL.String() + "/index.html")
		if err != nil {
			t.Fatalf("with %d slow clients: %v", open, err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK || len(body) == 0 {
			t.Fatalf("with %d slow clients: %d, %v", open, response.StatusCode, err)
		}
		if elapsed := time.Since(start); elapsed > 2*time.Second {
			t.Errorf("the page took %s", elapsed)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// openSlow opens the connections, which are closed when the test ends, and returns how
// many it could open.
func openSlow(t *testing.T, running server.Server) int {
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
			c, err := running.DialContext(t.Context(), "tcp", "")
			if err != nil {
				t.Log(err)
				return
			}
			fmt.Fprintf(c, "GET /index.html HTTP/1.1\r\nHost: %s\r\nX-Slow: ", running.URL.Host)
			mu.Lock()
			defer mu.Unlock()
			conns = append(conns, c)
		})
	}
	all.Wait()
	return len(conns)
}
