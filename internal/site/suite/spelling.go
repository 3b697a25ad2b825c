package suite

import (
	"strconv"
	"strings"
)

// sameURL reports whether two values of Location lead to the same place. Spellings of one
// URL are equal (RFC 3986, section 6.2.2), and so are a path and the absolute URL of it on
// the host that was asked.
func sameURL(a, b, host string) bool { return normalURL(a, host) == normalURL(b, host) }

// normalURL returns one spelling for all of a URL.
func normalURL(u, host string) string {
	u = localPath(u, host)
	u, fragment, _ := strings.Cut(u, "#")
	path, query, asked := strings.Cut(u, "?")
	normal := decode(path, "/?#%")
	if asked {
		normal += "?" + decode(query, "&=+;#%")
	}
	if fragment != "" {
		normal += "#" + decode(fragment, "%")
	}
	return normal
}

// localPath returns the path and query of an absolute URL on a host, and other URLs as they
// are. The port does not count: the one in the container is not the one outside.
func localPath(u, host string) string {
	rest, ok := strings.CutPrefix(u, "http://")
	if !ok {
		return u
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		rest, end = rest+"/", len(rest)
	}
	if !strings.EqualFold(hostname(rest[:end]), hostname(host)) {
		return u
	}
	if rest[end] != '/' {
		return "/" + rest[end:]
	}
	return rest[end:]
}

// hostname returns a host without its port.
func hostname(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		return host[:i]
	}
	return host
}

// decode decodes percent-encodings, other than of the characters in keep, whose meaning
// depends on whether they are encoded.
func decode(text, keep string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if n, err := strconv.ParseUint(text[i+1:i+3], 16, 8); err == nil {
				if c := byte(n); strings.IndexByte(keep, c) < 0 {
					out.WriteByte(c)
				} else {
					out.WriteString(strings.ToUpper(text[i : i+3]))
				}
				i += 2
				continue
			}
		}
		out.WriteByte(text[i])
	}
	return out.String()
}
