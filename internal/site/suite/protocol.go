package suite

import (
	"context"
	"fmt"
	"net/http"
)

// checkPipelining sends two requests at once and expects two complete answers (RFC 9112,
// section 9.3.2).
func checkPipelining(ctx context.Context, r *runner, f File) []Check {
	c := Check{Name: "GET " + f.URL + ": two pipelined requests", Expected: "200, 200, the same bytes"}
	line := "GET " + f.URL + " HTTP/1.1\r\nHost: " + r.at.host() + "\r\n"
	answers, err := r.sendRaw(ctx, line+"\r\n"+line+"Connection: close\r\n\r\n")
	if err != nil {
		return failed(c.Name, err)
	}
	c.Passed, c.Got = len(answers) == 2, fmt.Sprintf("%d answers", len(answers))
	for _, a := range answers {
		c.failIf(a.status != http.StatusOK || a.body.sha256 != f.SHA256, "%d, %s", a.status, a.body)
	}
	return []Check{c}
}
