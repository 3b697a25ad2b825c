package suite

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// containerProbes check the container.
func containerProbes(e Expectation, target Target) []probe {
	return []probe{
		func(ctx context.Context, _ *runner) []Check { return checkNoRoot(ctx, target) },
		func(ctx context.Context, _ *runner) []Check { return checkImageHealth(ctx, target) },
		func(ctx context.Context, _ *runner) []Check { return checkHardening(ctx, target) },
		func(ctx context.Context, _ *runner) []Check { return checkReadOnly(ctx, target) },
		func(ctx context.Context, _ *runner) []Check { return checkFolderFiles(ctx, e, target) },
	}
}

// checkNoRoot expects that no process runs as root.
func checkNoRoot(ctx context.Context, target Target) []Check {
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

// checkImageHealth expects the image's own health check to succeed.
func checkImageHealth(ctx context.Context, target Target) []Check {
	c := Check{Name: "the image's health check", Passed: true, Expected: "success", Got: "success"}
	if err := target.CheckHealth(ctx); err != nil {
		c.Passed, c.Got = false, err.Error()
	}
	return []Check{c}
}

// Times of the graceful stop: between two looks at the server, until it must have stopped
// listening (on a busy machine the signal takes a while to arrive), and until it must have
// exited.
const (
	stopPoll   = 100 * time.Millisecond
	closeLimit = 5 * time.Second
	stopLimit  = 12 * time.Second
)

// checkGracefulStop begins a request, stops the server, and finishes the request: it must be
// answered completely, new ones must not, and the server must exit by itself with code 0.
func checkGracefulStop(ctx context.Context, at Address, target Target) []Check {
	const name = "graceful stop"
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	conn, err := at.dial(ctx)
	if err != nil {
		return failed(name, err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(stopLimit))
	if _, err := fmt.Fprintf(conn, "GET /index.html HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", at.host()); err != nil {
		return failed(name, err)
	}
	wait(ctx, stopPoll) // the server has read the first half
	stopped := stop(ctx, target)
	fresh := answersFor(ctx, at, closeLimit)
	return []Check{
		equal(name+": a request in flight is answered", "200, complete", finish(conn)),
		equal(name+": new requests are not answered", "false", strconv.FormatBool(fresh)),
		equal(name+": exit code", "0", <-stopped),
	}
}

// answersFor reports whether the server still answers new requests after a time.
func answersFor(ctx context.Context, at Address, limit time.Duration) bool {
	for end := time.Now().Add(limit); answers(ctx, at); wait(ctx, stopPoll) {
		if time.Now().After(end) {
			return true
		}
	}
	return false
}

// answers reports whether the server answers 200 at its root.
func answers(ctx context.Context, at Address) bool {
	status, _, err := Ask(ctx, at, "/")
	return err == nil && status == http.StatusOK
}

// stop stops the container; the channel receives its exit code.
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

// finish sends the end of the request and describes the answer.
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
	return fmt.Sprintf("%d, complete", response.StatusCode)
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
