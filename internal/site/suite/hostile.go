package suite

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// hostileTimeout bounds each hostile conversation. A server may well keep silent.
const hostileTimeout = 3 * time.Second

// errorLimit is the length of an error's page that a server makes itself, in bytes.
const errorLimit = 1024

// aboutHostility sends what no browser does, and wants that nothing comes of it: an
// error, silence, or a file of the site.
func aboutHostility(e Expectation) []question {
	var questions []question
	for _, attack := range attacks() {
		questions = append(questions, func(ctx context.Context, r *runner) []Check { return withstood(ctx, r, e, attack) })
	}
	return questions
}

// attack is a conversation's one side, as it is sent.
type attack struct{ name, text string }

// request is an attack by a request that is whole otherwise: a first line, and header
// lines after it.
func request(name, line string, headers ...string) attack {
	lines := append([]string{line, "Connection: close"}, headers...)
	return attack{name, strings.Join(lines, "\r\n") + "\r\n\r\n"}
}

const hostLine = "Host: site.example"

// attacks are the hostile requests. The ways to smuggle a request are those of RFC 9112,
// section 11.2; targets are of section 3.2.
func attacks() []attack {
	long := strings.Repeat("a", 70<<10)
	list := []attack{
		request("HTTP/1.1 without a host", "GET / HTTP/1.1"),
		request("two hosts", "GET / HTTP/1.1", hostLine, "Host: other.example"),
		request("a host with a path", "GET / HTTP/1.1", "Host: x/../etc/passwd"),
		request("a host with an end of line", "GET / HTTP/1.1", "Host: x\nX: y"),
		request("an empty host", "GET / HTTP/1.1", "Host:"),
		request("another site's address", "GET http://169.254.169.254/latest/meta-data/ HTTP/1.1", hostLine),
		request("an address with a password", "GET http://a:b@site.example/../etc/passwd HTTP/1.1", hostLine),
		request("a file's address", "GET file:///etc/passwd HTTP/1.1", hostLine),
		request("CONNECT", "CONNECT 127.0.0.1:22 HTTP/1.1", hostLine),
		request("TRACE", "TRACE / HTTP/1.1", hostLine, "Cookie: secret"),
		request("a method that nobody knows", "BREW /pot HTTP/1.1", hostLine),
		request("a method in small letters", "get / HTTP/1.1", hostLine),
		request("a method of 70 KiB", long+" / HTTP/1.1", hostLine),
		request("a path of 70 KiB", "GET /"+long+" HTTP/1.1", hostLine),
		request("a header of 70 KiB", "GET / HTTP/1.1", hostLine, "X: "+long),
		request("5,000 headers", "GET / HTTP/1.1", append([]string{hostLine}, slices.Repeat([]string{"X: y"}, 5000)...)...),
		request("a header without a name", "GET / HTTP/1.1", hostLine, ": x"),
		request("a header with a space in its name", "GET / HTTP/1.1", hostLine, "Content Length: 5"),
		request("a folded header", "GET / HTTP/1.1", hostLine, "X: a", " b"),
		request("a zero byte in a header", "GET / HTTP/1.1", hostLine, "X: a\x00b"),
		request("a zero byte in the path", "GET /index.html\x00.png HTTP/1.1", hostLine),
		request("an encoded zero byte", "GET /index.html%00.png HTTP/1.1", hostLine),
		request("an encoded end of line", "GET /%0d%0aX-Injected:%20yes HTTP/1.1", hostLine),
		request("an end of line in a folder's name", "GET /%0d%0aSet-Cookie:%20a=b/.. HTTP/1.1", hostLine),
		request("half an encoding", "GET /%e HTTP/1.1", hostLine),
		request("an overlong encoding of a dot", "GET /%c0%ae%c0%ae/etc/passwd HTTP/1.1", hostLine),
		request("dots beyond the root", "GET /../../../etc/passwd HTTP/1.1", hostLine),
		request("encoded dots beyond the root", "GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1", hostLine),
		request("encoded slashes beyond the root", "GET /..%2f..%2f..%2fetc%2fpasswd HTTP/1.1", hostLine),
		request("twice encoded dots", "GET /%252e%252e/%252e%252e/etc/passwd HTTP/1.1", hostLine),
		request("backslashes beyond the root", `GET /..\..\..\etc\passwd HTTP/1.1`, hostLine),
		request("dots with parameters", "GET /..;/..;/etc/passwd HTTP/1.1", hostLine),
		request("a relative path", "GET etc/passwd HTTP/1.1", hostLine),
		request("a path of slashes", "GET "+strings.Repeat("/", 4000)+"etc/passwd HTTP/1.1", hostLine),
		request("a path of dots", "GET /"+strings.Repeat("./", 3000)+" HTTP/1.1", hostLine),
		request("two lengths", "GET / HTTP/1.1", hostLine, "Content-Length: 0", "Content-Length: 44"),
		request("a negative length", "GET / HTTP/1.1", hostLine, "Content-Length: -1"),
		request("a length beyond all numbers", "GET / HTTP/1.1", hostLine, "Content-Length: 99999999999999999999999"),
		request("an encoding that nobody knows", "GET / HTTP/1.1", hostLine, "Transfer-Encoding: chunkedd"),
		request("1,500 ranges", "GET / HTTP/1.1", hostLine, "Range: bytes="+strings.TrimSuffix(strings.Repeat("0-,", 1500), ",")),
		request("a range that runs backwards", "GET / HTTP/1.1", hostLine, "Range: bytes=9-1"),
		request("a range beyond all numbers", "GET / HTTP/1.1", hostLine, "Range: bytes=18446744073709551615-18446744073709551616"),
		request("an upgrade", "GET / HTTP/1.1", hostLine, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"),
		request("what a proxy would say", "GET / HTTP/1.1", hostLine, "X-Original-URL: /etc/passwd", "X-Rewrite-URL: /etc/passwd", "X-Forwarded-Host: evil.example"),
		request("HTTP/9.9", "GET / HTTP/9.9", hostLine),
		{"HTTP/0.9", "GET /etc/passwd\r\n"},
		{"HTTP/2 by force", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x00", 200)},
		{"noise", "\xff\xfe\xfd\x00\x01\x02\r\n\r\n"},
		{"lines that end in LF alone", "GET /../../etc/passwd HTTP/1.0\n\n"},
		{"a body behind a length and chunks", "POST / HTTP/1.1\r\n" + hostLine + "\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nZ\r\nQ\r\n\r\nGET /etc/passwd HTTP/1.1\r\n" + hostLine + "\r\n\r\n"},
		{"a chunk without a length", "GET / HTTP/1.1\r\n" + hostLine + "\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n"},
		{"a request in another's body", "GET / HTTP/1.1\r\n" + hostLine + "\r\nContent-Length: 38\r\n\r\nGET /etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n\r\n"},
	}
	return list
}

// withstood sends an attack and judges every answer to it.
func withstood(ctx context.Context, r *runner, e Expectation, a attack) []Check {
	c := Check{Name: "withstands " + a.name, Passed: true, Expected: "an error, silence, or a file of the site", Got: "silence"}
	answers, err := r.converse(ctx, a.text)
	if err != nil {
		c.Passed, c.Got = false, err.Error()
		return []Check{c}
	}
	for _, got := range answers {
		c.Got = strconv.Itoa(got.status)
		if fault := e.objectTo(got); fault != "" {
			c.Passed, c.Got = false, fmt.Sprintf("%d, %s", got.status, fault)
			break
		}
	}
	return []Check{c}
}

// converse sends a text as it is and reads all answers until the server has no more. That
// no connection can be had is an error; that one is cut is none.
func (r *runner) converse(ctx context.Context, text string) (answers []answer, err error) {
	conn, err := (&net.Dialer{Timeout: hostileTimeout}).DialContext(ctx, "tcp", r.base.Host)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(hostileTimeout))
	go func() { // a server may answer, and cut, before it has read all
		io.WriteString(conn, text)
		if half, ok := conn.(*net.TCPConn); ok {
			half.CloseWrite() // nobody waits for more
		}
	}()
	var raw bytes.Buffer
	in := bufio.NewReader(io.TeeReader(conn, &raw))
	for {
		response, err := http.ReadResponse(in, nil)
		if err != nil {
			if len(answers) == 0 && raw.Len() > 0 { // what HTTP/0.9 gets has no first line
				io.Copy(io.Discard, in)
				answers = append(answers, answer{body: raw.Bytes()})
			}
			return answers, nil
		}
		body, err := io.ReadAll(io.LimitReader(response.Body, bodyLimit))
		response.Body.Close()
		answers = append(answers, answer{response.StatusCode, response.Header, body})
		if err != nil || response.Close {
			return answers, nil
		}
	}
}

// objectTo says why an answer should not have been given; "" if it may.
func (e Expectation) objectTo(a answer) string {
	switch {
	case a.header.Get("X-Injected") != "" || a.header.Get("Set-Cookie") != "":
		return "a header that was sent has come back"
	case a.status >= 400:
		if own := bytes.Equal(a.body, e.NotFound.Body); !own && len(a.body) > errorLimit {
			return "an error with " + size(a.body)
		}
	case a.status >= 300:
		if to := a.header.Get("Location"); to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//")) {
			return "it leads to " + to
		}
	case a.status == http.StatusPartialContent:
		if !e.holds(a, bytes.Contains) {
			return "what is no part of a file: " + size(a.body)
		}
	case len(a.body) > 0:
		if bare := a.status == 0 && len(a.body) <= errorLimit && bytes.HasPrefix(a.body, []byte("<html>")); !bare && !e.holds(a, bytes.Equal) {
			return "what is no file of the site: " + size(a.body)
		}
	}
	return ""
}

// holds tells whether an answer's body is a file of the site, or a part, as is says.
func (e Expectation) holds(a answer, is func(whole, part []byte) bool) bool {
	return slices.ContainsFunc(append(slices.Clone(e.Files), e.NotFound), func(f File) bool { return is(f.Body, a.body) })
}
