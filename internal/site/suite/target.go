package suite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// containerProbes check the container.
func containerProbes(_ Expectation, target Target) (probes []probe) {
	for _, check := range []func(context.Context, *runner, Target){checkNoRoot, checkImageHealth, checkHardening, checkReadOnly, checkFolderFiles} {
		probes = append(probes, func(ctx context.Context, r *runner) { check(ctx, r, target) })
	}
	return probes
}

// checkNoRoot expects that no process runs as root.
func checkNoRoot(ctx context.Context, r *runner, target Target) {
	c := Check{Name: "no process runs as root", Passed: true, Expected: "processes of other users"}
	processes, err := target.Processes(ctx)
	c.Got = fmt.Sprintf("%d processes", len(processes))
	c.failIf(err != nil, "%v", err)
	c.failIf(len(processes) == 0, "no process")
	for _, p := range processes {
		c.failIf(p.UID == "0" || p.UID == "root", "as root: %s", p.Command)
	}
	r.check(c)
}

// checkImageHealth expects the image's own health check to succeed, where it has one. The
// programs of a base are not known from its stand-in: a check that lacks one there is not
// judged.
func checkImageHealth(ctx context.Context, r *runner, target Target) {
	c := Check{Name: "the image's health check", Passed: true, Expected: "success", Got: "success"}
	err := target.CheckHealth(ctx)
	if errors.Is(err, ErrNoHealthCheck) {
		r.note("the image has no HEALTHCHECK: only the orchestrator's own probes find a server that hangs")
		return
	}
	if errors.Is(err, ErrNoTool) && r.site.StandIn {
		r.skip("HEALTHCHECK", c.Name, strings.TrimSpace(err.Error())+"; the base may have it, of which this is a stand-in")
		return
	}
	c.failIf(err != nil, "%v", err)
	r.check(c)
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
func checkGracefulStop(ctx context.Context, r *runner, target Target) {
	const name = "graceful stop"
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	before, _, err := Ask(ctx, r.at, "/")
	if err != nil {
		r.check(noAnswer(name, err))
		return
	}
	conn, err := r.at.dial(ctx)
	if err != nil {
		r.check(noAnswer(name, err))
		return
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(stopLimit))
	if _, err := fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nConnection: close\r\n", r.at.host(), userAgent); err != nil {
		r.check(noAnswer(name, err))
		return
	}
	wait(ctx, stopPoll) // the server has read the first half
	stopped := stop(ctx, target)
	fresh := answersFor(ctx, r.at, closeLimit)
	r.check(
		equal(Invariant, name+": a request in flight is answered", fmt.Sprintf("%d, complete", before), finish(conn)),
		equal(Invariant, name+": new requests are not answered", "false", strconv.FormatBool(fresh)),
		equal(Invariant, name+": exit code", "0", <-stopped),
	)
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

// answers reports whether the server answers anything at its root.
func answers(ctx context.Context, at Address) bool {
	_, _, err := Ask(ctx, at, "/")
	return err == nil
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
