package suite

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
)

// pipelined sends three requests at once and wants their answers in order (RFC 9112,
// section 9.3.2).
func pipelined(ctx context.Context, r *runner, e Expectation) []Check {
	c := Check{Name: "requests sent at once are answered in order", Expected: "200, 404, 200"}
	line := func(target string, more ...string) string {
		return strings.Join(append([]string{"GET " + target + " HTTP/1.1", "Host: " + r.base.Host}, more...), "\r\n") + "\r\n\r\n"
	}
	answers, err := r.converse(ctx, line("/index.html")+line("/.not/here")+line(e.Health, "Connection: close"))
	if err != nil {
		return failed(c.Name, err)
	}
	var got []string
	for _, a := range answers {
		got = append(got, fmt.Sprint(a.status))
	}
	c.Got = strings.Join(got, ", ")
	index := slices.IndexFunc(e.Files, func(f File) bool { return f.URL == "/index.html" })
	c.Passed = c.Got == c.Expected && index >= 0 && bytes.Equal(answers[0].body, e.Files[index].Body) && answers[2].status == http.StatusOK
	return []Check{c}
}

// shells are programs that a server of files has no need of.
var shells = []string{"sh", "bash", "ash", "dash", "busybox"}

// withoutShell wants that no shell runs beside the server, or starts it.
func withoutShell(ctx context.Context, box Box) []Check {
	const name = "no shell runs"
	processes, err := box.Processes(ctx)
	if err != nil {
		return failed(name, err)
	}
	c := Check{Name: name, Passed: true, Expected: "none", Got: "none"}
	for _, p := range processes {
		first, _, _ := strings.Cut(p.Command, " ")
		c.failIf(slices.Contains(shells, path.Base(strings.TrimPrefix(first, "-"))), "%s", p.Command)
	}
	return []Check{c}
}
