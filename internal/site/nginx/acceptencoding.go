package nginx

import (
	"strings"
)

// acceptsGzip reports whether the client takes what is compressed by gzip.
func (q *request) acceptsGzip() (bool, error) {
	if q.blind {
		return false, nil
	}
	header, err := q.header("accept_encoding")
	if err != nil || len(header) < 4 {
		return false, err
	}
	if q.headers["Via"] != nil || q.location.find("gzip_disable") != nil || q.location.text("gzip_http_version", "1.1") != "1.1" && q.location.text("gzip_http_version", "") != "1.0" {
		return false, &cause{Construct: "Accept-Encoding", Why: "the model does not know gzip_disable, nor requests of proxies"}
	}
	return acceptsGzip(header), nil
}

// acceptsGzip reads Accept-Encoding as Nginx does.
func acceptsGzip(header string) bool {
	if strings.HasPrefix(header, "gzip,") {
		return true
	}
	lower := lowerBytes(header)
	start := 0
	for {
		i := strings.Index(lower[start:], "gzip")
		if i < 0 {
			return false
		}
		i += start
		if i == start && start == 0 || header[i-1] == ',' || header[i-1] == ' ' {
			start = i + 4
			break
		}
		start = i + 4
	}
	rest := strings.TrimLeft(header[start:], " ")
	switch {
	case rest == "" || rest[0] == ',':
		return true
	case rest[0] != ';':
		return false
	}
	rest = strings.TrimLeft(rest[1:], " ")
	if rest == "" {
		return true
	}
	if len(rest) < 3 || rest[0] != 'q' && rest[0] != 'Q' || rest[1] != '=' {
		return false
	}
	return quality(rest[2:])
}

// quality reports whether a quality is more than 0 and well-formed.
func quality(s string) bool {
	s, _, _ = strings.Cut(s, ",")
	s, _, _ = strings.Cut(s, " ")
	if s == "1" || s == "1." {
		return true
	}
	digits, ok := strings.CutPrefix(s, "0.")
	if one, found := strings.CutPrefix(s, "1."); found {
		return len(one) <= 3 && strings.Trim(one, "0") == ""
	}
	return ok && len(digits) <= 3 && strings.Trim(digits, "0123456789") == "" && strings.Trim(digits, "0") != ""
}
