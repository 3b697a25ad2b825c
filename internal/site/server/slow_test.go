package server_test

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
	"github.com/romanatrashyonok/kiln/internal/site/sitetest"
)

// slowClients is the number of connections that send half a request and then nothing.
const slowClients = 10_000

// TestSlowClientsDoNotBlockOthers opens ten thousand connections that send half a request,
// and requests the page meanwhile.
func TestSlowClientsDoNotBlockOthers(t *testing.T) {
	s := sitetest.Open(t, "slow", sitetest.NoRegistry)
	running := sitetest.Serve(t, s)
	open := openSlow(t, addressInside(t, running.Container, s.Server.Port))
	if open < slowClients {
		t.Fatalf("only %d connections could be opened", open)
	}
	for range 20 {
		start := time.Now()
		response, err := (&http.Client{Timeout: 5 * time.Second}).Get(running.URL.String() + "/index.html")
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

// addressInside returns the address of a port on the engine's own network: a published port
// takes two file descriptors for each connection.
func addressInside(t *testing.T, ctr *engine.Container, port int) string {
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

// openSlow opens the connections, which are closed when the test ends, and returns how
// many it could open.
func openSlow(t *testing.T, host string) int {
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
