package site

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"
)

// slowClients is how many connections say half a request and then nothing.
const slowClients = 10_000

// TestSlowClientsKeepNobodyOut opens ten thousand connections that send half a request,
// and asks for the page meanwhile.
func TestSlowClientsKeepNobodyOut(t *testing.T) {
	at := serve(t, shopFor(t, "slow", "registry.invalid"))
	target, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	open := beSlow(t, target.Host)
	if open < slowClients*9/10 {
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
	for n := range slowClients {
		turn <- struct{}{}
		all.Go(func() {
			defer func() { <-turn }()
			// Each thousand has an address of its own: one has no more than 28,000 ports.
			from := &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+n/1000))}
			c, err := (&net.Dialer{LocalAddr: from, Timeout: 5 * time.Second}).DialContext(t.Context(), "tcp", host)
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
