package suite

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
)

// checkPipelining sends two requests at once and expects two complete answers, as to the
// same request alone (RFC 9112, section 9.3.2), or one that announces that the server closes
// the connection (section 9.6), as keepalive_timeout 0 has it.
func checkPipelining(ctx context.Context, r *runner) {
	path := "/"
	if len(r.site.Files) > 0 && r.site.Files[0].URL != "" {
		path = r.site.Files[0].URL
	}
	name := "GET " + path + ": two pipelined requests"
	alone, err := r.ask(ctx, http.MethodGet, path)
	if err != nil {
		r.check(noAnswer(name, err))
		return
	}
	line := "GET " + path + " HTTP/1.1\r\nHost: " + r.at.host() + "\r\nUser-Agent: " + userAgent + "\r\n"
	answers, err := r.sendRaw(ctx, line+"\r\n"+line+"Connection: close\r\n\r\n")
	if err != nil {
		r.check(noAnswer(name, err))
		return
	}
	c := Check{Name: name, Passed: true, Expected: fmt.Sprintf("%d twice, the same bytes", alone.status)}
	c.Got = c.Expected
	closes := len(answers) == 1 && answers[0].closes
	c.failIf(len(answers) != 2 && !closes, "%d answers", len(answers))
	for _, a := range answers {
		c.failIf(a.status != alone.status || a.body.sha256 != alone.body.sha256, "%s, %s", strconv.Itoa(a.status), a.body)
	}
	x := exchange{want: r.predict(http.MethodGet, path)}
	r.invariant(x, "body", c)
}
