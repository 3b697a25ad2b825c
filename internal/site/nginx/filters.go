package nginx

import (
	"strconv"
	"strings"
)

// setContentType sets the type of a file or a text, by the extension of the path.
func (q *request) setContentType() {
	if q.out.contentType != "" {
		return
	}
	if q.extension != "" {
		kind, err := q.location.typeOf(lowerBytes(q.extension))
		if kind != "" || err != nil {
			q.out.contentType, q.out.typeErr = kind, err
			return
		}
	}
	q.out.contentType = q.location.text("default_type", "text/plain")
}

// defaultTypes are those of a configuration without types.
var defaultTypes = map[string]string{"html": "text/html", "gif": "image/gif", "jpg": "image/jpeg"}

// typeOf returns the type of an extension in lower case; "" for none. The types of a level
// replace those above it.
func (s *scope) typeOf(extension string) (string, error) {
	for ; s != nil; s = s.parent {
		for _, d := range s.own["include"] {
			if d.Missing && strings.HasSuffix(d.Args[0], "mime.types") {
				return "", at(d, "include", "the file is none of the site, so the model does not know it")
			}
		}
		if len(s.own["types"]) == 0 {
			continue
		}
		found := ""
		for _, types := range s.own["types"] {
			for _, d := range types.Block {
				if d.Missing {
					return "", at(d, "include", "the file is none of the site, so the model does not know it")
				}
				for _, e := range d.Args {
					if lowerBytes(e) == extension {
						found = d.Name
					}
				}
			}
		}
		return found, nil
	}
	return defaultTypes[extension], nil
}

// hasType reports whether a list of types, as charset_types, has a type. It always has
// text/html.
func (s *scope) hasType(directive, kind string, otherwise ...string) bool {
	list := s.all(directive)
	kind = lowerBytes(kind)
	if len(list) == 0 {
		list = nil
	}
	for _, d := range list {
		for _, a := range d.Args {
			if a == "*" || lowerBytes(a) == kind {
				return true
			}
		}
	}
	if kind == "text/html" {
		return true
	}
	for _, o := range otherwise {
		if len(list) == 0 && o == kind {
			return true
		}
	}
	return false
}

// types adds the charset to the type.
func (a *answer) types() {
	d := a.location.find("charset")
	kind := a.out.contentType
	if d == nil || d.Args[0] == "off" || kind == "" || a.out.status == 301 || a.out.status == 302 || a.out.typeErr != nil {
		return
	}
	if !a.location.hasType("charset_types", kind, "text/xml", "text/plain", "text/vnd.wap.wml", "application/javascript", "application/rss+xml") {
		return
	}
	charset, err := a.expand(d.Args[0], d)
	if err != nil {
		a.out.typeErr = err
	} else if charset != "" {
		a.out.contentType = kind + "; charset=" + charset
	}
}

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

// pageSizes are the least and highest size of a page that Nginx makes.
const leastPage, mostPage = 90, 900

// gzip decides whether Nginx compresses the answer.
func (a *answer) gzip() {
	d := a.location.find("gzip")
	status := a.out.status
	if d == nil || d.Args[0] != "on" || a.out.encoded || status != 200 && status != 403 && status != 404 {
		return
	}
	if a.out.typeErr == nil && !a.location.hasType("gzip_types", strings.Split(a.out.contentType, "; charset=")[0]) || a.out.contentType == "" && a.out.typeErr == nil {
		return
	}
	least, doubt := a.minLength()
	low, high := a.out.length, a.out.length
	if a.out.generated {
		low, high = leastPage, mostPage
	}
	size, known := a.size()
	if known {
		low, high = size, size
	}
	listing := a.out.file == "" && a.out.length < 0 && !a.out.generated // sent in chunks, whatever its size
	switch {
	case !doubt && high >= 0 && high < least && !listing:
		return
	case doubt || a.out.typeErr != nil || low < least && !listing:
		a.doubtGzip(at(d, "gzip", "it depends on the size"))
		return
	}
	a.gzipVary = true
	accepts, err := a.acceptsGzip()
	if err != nil {
		a.doubtGzip(err)
	} else if accepts {
		a.out.add("Content-Encoding", "gzip", nil)
		a.gzipped = true
	}
}

// doubtGzip makes unknown what compression changes.
func (a *answer) doubtGzip(err error) {
	accepts, acceptErr := a.acceptsGzip()
	if a.location.is("gzip_vary", false) {
		a.unknown["Vary"] = err
	}
	if accepts || acceptErr != nil {
		a.unknown["Content-Encoding"], a.unknown["Accept-Ranges"], a.unknown["Etag"] = err, err, err
	}
}

func (a *answer) minLength() (least int, doubt bool) {
	least, err := strconv.Atoi(a.location.text("gzip_min_length", "20"))
	return least, err != nil
}

// Sizer is a Tree that knows the sizes of files, which decide whether Nginx compresses them.
type Sizer interface {
	// Size returns the size of a file in bytes, and whether it is known.
	Size(path string) (int64, bool)
}

// size returns the size of the file that is the body.
func (a *answer) size() (int, bool) {
	sizer, ok := a.tree.(Sizer)
	if !ok || a.out.file == "" {
		return 0, false
	}
	size, ok := sizer.Size(cleanPath(a.out.file))
	return int(size), ok
}

// ranges decides whether the answer offers ranges.
func (a *answer) ranges() {
	a.ranged = a.out.file != "" && a.out.status == 200 && !a.gzipped && a.location.text("max_ranges", "") != "0"
}

// sent returns a header of the answer, as far as it has been made.
func (q *request) sent(name string) (string, error) {
	switch name {
	case "content_type":
		return q.out.contentType, q.out.typeErr
	case "location":
		if q.out.location == nil {
			return "", nil
		}
		return *q.out.location, q.locationErr
	case "content_length", "last_modified", "connection", "keep_alive", "transfer_encoding", "etag":
		return "", &cause{Construct: "$sent_http_" + name, Why: "the model does not know this header"}
	}
	var values []string
	for _, h := range q.out.headers {
		if strings.ReplaceAll(lowerBytes(h.name), "-", "_") == name {
			if h.err != nil {
				return "", h.err
			}
			values = append(values, h.value)
		}
	}
	return strings.Join(values, ", "), nil
}
