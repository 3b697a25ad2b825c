package suite

import (
	"slices"
	"strings"
)

// attack is a text that the client sends, byte by byte.
type attack struct{ name, text string }

// request is an attack by an otherwise complete request: a first line and header lines.
func request(name, line string, headers ...string) attack {
	lines := append([]string{line, "Connection: close"}, headers...)
	return attack{name, strings.Join(lines, "\r\n") + "\r\n\r\n"}
}

const hostLine = "Host: site.example"

// foreignHosts are hosts that attacks name beside the one that is asked.
var foreignHosts = []string{"evil.example", "other.example", "etc"}

// attacks are the hostile requests. Request smuggling follows RFC 9112, section 11.2;
// request targets follow section 3.2.
func attacks() []attack {
	long := strings.Repeat("a", 70<<10)
	list := []attack{
		request("HTTP/1.1 without a host", "GET / HTTP/1.1"),
		request("two hosts", "GET / HTTP/1.1", hostLine, "Host: other.example"),
		request("a host with a path", "GET / HTTP/1.1", "Host: x/../etc/passwd"),
		request("a host with a line break", "GET / HTTP/1.1", "Host: x\nX: y"),
		request("an empty host", "GET / HTTP/1.1", "Host:"),
		request("the URL of a different host", "GET http://169.254.169.254/latest/meta-data/ HTTP/1.1", hostLine),
		request("a URL with a password", "GET http://a:b@site.example/../etc/passwd HTTP/1.1", hostLine),
		request("a file URL", "GET file:///etc/passwd HTTP/1.1", hostLine),
		request("CONNECT", "CONNECT 127.0.0.1:22 HTTP/1.1", hostLine),
		request("TRACE", "TRACE / HTTP/1.1", hostLine, "Cookie: secret"),
		request("an unknown method", "BREW /pot HTTP/1.1", hostLine),
		request("a method in lower case", "get / HTTP/1.1", hostLine),
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
		request("an encoded line break", "GET /%0d%0aX-Injected:%20yes HTTP/1.1", hostLine),
		request("a line break in the name of a folder", "GET /%0d%0aSet-Cookie:%20injected=yes/.. HTTP/1.1", hostLine),
		request("an incomplete percent-encoding", "GET /%e HTTP/1.1", hostLine),
		request("an overlong encoding of a dot", "GET /%c0%ae%c0%ae/etc/passwd HTTP/1.1", hostLine),
		request("dots beyond the root", "GET /../../../etc/passwd HTTP/1.1", hostLine),
		request("encoded dots beyond the root", "GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1", hostLine),
		request("encoded slashes beyond the root", "GET /..%2f..%2f..%2fetc%2fpasswd HTTP/1.1", hostLine),
		request("doubly encoded dots", "GET /%252e%252e/%252e%252e/etc/passwd HTTP/1.1", hostLine),
		request("backslashes beyond the root", `GET /..\..\..\etc\passwd HTTP/1.1`, hostLine),
		request("dots with parameters", "GET /..;/..;/etc/passwd HTTP/1.1", hostLine),
		request("a relative path", "GET etc/passwd HTTP/1.1", hostLine),
		request("a path of slashes", "GET "+strings.Repeat("/", 4000)+"etc/passwd HTTP/1.1", hostLine),
		request("a path of dots", "GET /"+strings.Repeat("./", 3000)+" HTTP/1.1", hostLine),
		request("two lengths", "GET / HTTP/1.1", hostLine, "Content-Length: 0", "Content-Length: 44"),
		request("a negative length", "GET / HTTP/1.1", hostLine, "Content-Length: -1"),
		request("a length that overflows", "GET / HTTP/1.1", hostLine, "Content-Length: 99999999999999999999999"),
		request("an unknown transfer encoding", "GET / HTTP/1.1", hostLine, "Transfer-Encoding: chunkedd"),
		request("1,500 ranges", "GET / HTTP/1.1", hostLine, "Range: bytes="+strings.TrimSuffix(strings.Repeat("0-,", 1500), ",")),
		request("a reversed range", "GET / HTTP/1.1", hostLine, "Range: bytes=9-1"),
		request("a range that overflows", "GET / HTTP/1.1", hostLine, "Range: bytes=18446744073709551615-18446744073709551616"),
		request("an upgrade", "GET / HTTP/1.1", hostLine, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"),
		request("headers that a proxy sets", "GET / HTTP/1.1", hostLine, "X-Original-URL: /etc/passwd", "X-Rewrite-URL: /etc/passwd", "X-Forwarded-Host: evil.example"),
		request("HTTP/9.9", "GET / HTTP/9.9", hostLine),
		{"HTTP/0.9", "GET /etc/passwd\r\n"},
		{"HTTP/2 without negotiation", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x00", 200)},
		{"binary data", "\xff\xfe\xfd\x00\x01\x02\r\n\r\n"},
		{"lines that end in a bare LF", "GET /../../etc/passwd HTTP/1.0\n\n"},
		{"a body with a length and chunks", "POST / HTTP/1.1\r\n" + hostLine + "\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nZ\r\nQ\r\n\r\nGET /etc/passwd HTTP/1.1\r\n" + hostLine + "\r\n\r\n"},
		{"a chunk length that overflows", "GET / HTTP/1.1\r\n" + hostLine + "\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n"},
		{"a request in the body of a request", "GET / HTTP/1.1\r\n" + hostLine + "\r\nContent-Length: 38\r\n\r\nGET /etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n\r\n"},
	}
	return list
}
