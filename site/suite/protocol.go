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

// pipelined sends two requests at once and wants both answers, whole (RFC 9112, section
// 9.3.2).
func pipelined(ctx context.Context, r *runner, f File) []Check {
	c := Check{Name: "GET " + f.URL + ": two requests at once", Expected: "200, 200, the same bytes"}
	line := "GET " + f.URL + " HTTP/1.1\r\nHost: " + r.base.Host + "\r\n"
	answers, err := r.converse(ctx, line+"\r\n"+line+"Connection: close\r\n\r\n")
	if err != nil {
		return failed(c.Name, err)
	}
	c.Passed, c.Got = len(answers) == 2, fmt.Sprintf("%d answers", len(answers))
	for _, a := range answers {
		c.failIf(a.status != http.StatusOK || !bytes.Equal(a.body, f.Body), "%d, %s", a.status, size(a.body))
	}
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
