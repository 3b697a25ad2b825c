package suite

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// aboutBox asks what concerns the container.
func aboutBox(e Expectation, target Target) []question {
	return []question{
		func(ctx context.Context, _ *runner) []Check { return withoutRoot(ctx, target) },
		func(ctx context.Context, _ *runner) []Check { return healthy(ctx, target) },
		func(ctx context.Context, _ *runner) []Check { return hardened(ctx, target) },
		func(ctx context.Context, _ *runner) []Check { return readOnly(ctx, target) },
		func(ctx context.Context, _ *runner) []Check { return wellKept(ctx, e, target) },
	}
}

// withoutRoot wants that no process runs as root.
func withoutRoot(ctx context.Context, target Target) []Check {
	const name = "no process runs as root"
	processes, err := target.Processes(ctx)
	if err != nil {
		return failed(name, err)
	}
	c := Check{Name: name, Passed: len(processes) > 0, Expected: "processes of other users", Got: fmt.Sprintf("%d processes", len(processes))}
	for _, p := range processes {
		if p.UID == "0" || p.UID == "root" {
			c.Passed, c.Got = false, "as root: "+p.Command
		}
	}
	return []Check{c}
}

// healthy wants that the image's own health check succeeds on a server that is well.
func healthy(ctx context.Context, target Target) []Check {
	c := Check{Name: "the image's health check", Passed: true, Expected: "success", Got: "success"}
	if err := target.CheckHealth(ctx); err != nil {
		c.Passed, c.Got = false, err.Error()
	}
	return []Check{c}
}

// Times of the graceful stop: how long until the server has heard of it, and how
// long all of it may take.
const (
	stopNotice = 400 * time.Millisecond
	stopLimit  = 12 * time.Second
)

// stopGracefully begins a request, has the server stopped, and finishes the
// request: it must be answered whole, new ones must not, and the server must end
// by itself with code 0.
func stopGracefully(ctx context.Context, base *url.URL, target Target) []Check {
	const name = "graceful stop"
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", base.Host)
	if err != nil {
		return failed(name, err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(stopLimit))
	if _, err := fmt.Fprintf(conn, "GET /index.html HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", base.Host); err != nil {
		return failed(name, err)
	}
	wait(ctx, stopNotice/4) // the server has read the half
	stopped := stop(ctx, target)
	wait(ctx, stopNotice)
	fresh := Answers(ctx, base)
	return []Check{
		equal(name+": a request in flight is answered", "200, whole", finish(conn)),
		equal(name+": new requests are not answered", "false", strconv.FormatBool(fresh)),
		equal(name+": exit code", "0", <-stopped),
	}
}

// stop asks the box to stop and gives its exit code when it has.
func stop(ctx context.Context, target Target) <-chan string {
	code := make(chan string, 1)
	go func() {
		n, err := target.Stop(ctx)
		if err != nil {
			code <- err.Error()
			return
		}
		code <- strconv.Itoa(n)
	}()
	return code
}

// finish sends the end of the request and reads the answer.
func finish(conn net.Conn) string {
	if _, err := io.WriteString(conn, "\r\n"); err != nil {
		return err.Error()
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d, whole", response.StatusCode)
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
