package suite

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/site/nginx"
)

// hostileTimeout bounds each hostile exchange. A server may well not answer.
const hostileTimeout = 3 * time.Second

// hostileProbes send what no browser sends. The server may answer with an error, with a
// redirect of its own or with a file of the site, or not at all.
func hostileProbes() (probes []probe) {
	for _, attack := range attacks() {
		probes = append(probes, func(ctx context.Context, r *runner) { checkAttack(ctx, r, attack) })
	}
	return probes
}

// checkAttack sends an attack and checks every answer to it.
func checkAttack(ctx context.Context, r *runner, a attack) {
	c := Check{Name: "withstands " + a.name, Passed: true, Expected: "an error, a file of the site, or no answer", Got: "no answer"}
	answers, err := r.sendRaw(ctx, a.text)
	c.failIf(err != nil, "%v", err)
	plain := exchange{want: r.predict(http.MethodGet, "/")} // most attacks ask for the root
	for _, got := range answers {
		c.Got = strconv.Itoa(got.status)
		if fault := r.objectTo(got, plain.want); fault != "" {
			c.failIf(true, "%d, %s", got.status, fault)
		}
	}
	r.invariant(plain, "body", c)
}

// sendRaw sends a text unchanged and reads answers until the server sends no more. A failed
// connection is an error; one that the server closes is not.
func (r *runner) sendRaw(ctx context.Context, text string) (answers []answer, err error) {
	conn, err := r.at.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(hostileTimeout))
	go func() { // a server may answer, and close, before it has read everything
		io.WriteString(conn, text)
		if half, ok := conn.(interface{ CloseWrite() error }); ok {
			half.CloseWrite() // there is no more to come
		}
	}()
	raw := newMeter()
	in := bufio.NewReader(io.TeeReader(conn, raw))
	for {
		response, err := http.ReadResponse(in, nil)
		if err != nil {
			if len(answers) == 0 && raw.size > 0 { // an answer to HTTP/0.9 has no status line
				io.Copy(io.Discard, in)
				answers = append(answers, answer{body: raw.body(), decoded: raw.body()})
			}
			return answers, nil
		}
		body, err := readBody(response.Body)
		response.Body.Close()
		answers = append(answers, answer{status: response.StatusCode, header: response.Header, body: body, decoded: body, closes: response.Close})
		if err != nil || response.Close {
			return answers, nil
		}
	}
}

// objectTo returns why an answer to an attack is bad; "" if it is not. plain is what is
// certain about the answer to a request for the root.
func (r *runner) objectTo(a answer, plain nginx.Prediction) string {
	text, known := r.site.contentOf(plain)
	ofSite := r.site.holds(a) || known && text.sha256 == a.body.sha256
	switch {
	case a.header.Get("X-Injected") != "" || slices.ContainsFunc(a.header.Values("Set-Cookie"), isInjected):
		return "a header was injected"
	case a.status >= 400:
		if !ofSite && a.body.size > builtInLimit {
			return "an error page of " + a.body.String()
		}
	case a.status >= 300:
		if to := a.header.Get("Location"); leadsAway(to) {
			return "a redirect to " + to
		}
	case a.status == http.StatusPartialContent:
		if !r.site.holdsPart(a) {
			return "not a part of a file: " + a.body.String()
		}
	case a.body.size > 0 && !ofSite:
		return "not a file of the site: " + a.body.String()
	}
	return ""
}

// isInjected reports whether a cookie is one of an attack. A site may well set its own.
func isInjected(cookie string) bool { return strings.HasPrefix(cookie, "injected=") }

// leadsAway reports whether a redirect leads to where an attack wants it: to a host that
// only the attack names.
func leadsAway(to string) bool {
	if strings.HasPrefix(to, "//") || strings.HasPrefix(to, `/\`) {
		return true
	}
	_, rest, absolute := strings.Cut(to, "://")
	host, _, _ := strings.Cut(rest, "/")
	return absolute && slices.Contains(foreignHosts, hostname(host))
}
