package nginx

import (
	"net/textproto"
	"strconv"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/nginx/conf"
)

// always are the headers that a prediction always speaks of.
var always = []string{"Content-Type", "Location", "Cache-Control", "Expires", "Vary", "Content-Encoding", "Accept-Ranges", "Www-Authenticate"}

// beyond are headers that the model does not predict, even if the configuration adds them.
var beyond = words("Date Server Content-Length Connection Keep-Alive Transfer-Encoding Trailer Upgrade")

// prediction applies the header filters to the answer, in Nginx's order.
func (q *request) prediction() Prediction {
	if q.out.closed {
		return Prediction{Closed: true}
	}
	o := &q.out
	if q.errStatus != 0 {
		o.status = q.errStatus
	}
	if err := q.validators(); err != nil {
		return Prediction{Unknown: []Unknown{q.config.unknown("answer", err)}}
	}
	a := &answer{request: q, p: Prediction{Status: o.status, Headers: map[string][]string{}}, unknown: map[string]error{}}
	a.expires()
	a.addHeaders()
	a.types()
	a.gzip()
	a.ranges()
	a.redirect()
	a.collect()
	a.body()
	a.effects()
	return a.p
}

// answer is a prediction as it is made.
type answer struct {
	*request
	p        Prediction
	unknown  map[string]error // of headers
	ranged   bool             // the answer offers ranges
	compress error            // whether it is compressed is not known
	gzipped  bool
}

// validators returns an error for a request whose answer depends on what the model does not
// know of a file: its time, tag and size.
func (q *request) validators() error {
	if q.blind || q.out.status != 200 {
		return nil
	}
	isFile := q.out.file != ""
	for _, name := range []string{"If-Match", "If-Unmodified-Since", "If-None-Match", "If-Modified-Since"} {
		v := q.headers[name]
		if v == nil {
			continue
		}
		if isFile || name == "If-Match" || name == "If-Unmodified-Since" || name == "If-None-Match" && v[0] == "*" {
			return &cause{Construct: name, Why: "the model does not know the validators of files"}
		}
	}
	if isFile && q.headers["Range"] != nil && q.location.text("max_ranges", "") != "0" {
		return &cause{Construct: "Range", Why: "the model does not know the sizes of files"}
	}
	return nil
}

// safe reports whether headers without always are added.
func safe(status int) bool {
	switch status {
	case 200, 201, 204, 206, 301, 302, 303, 304, 307, 308:
		return true
	}
	return false
}

// addHeaders runs add_header.
func (a *answer) addHeaders() {
	for _, d := range a.location.all("add_header") {
		if len(d.Args) < 3 && !safe(a.out.status) {
			continue
		}
		value, err := a.expand(d.Args[1], d)
		name := textproto.CanonicalMIMEHeaderKey(d.Args[0])
		switch {
		case name == "Etag" || name == "Last-Modified":
			a.replace(name, value, err)
		case err != nil || value != "":
			a.out.add(d.Args[0], value, err)
		}
	}
}

// replace sets a header that an answer has once. An empty value removes it.
func (a *answer) replace(name, value string, err error) {
	kept := a.out.headers[:0]
	for _, h := range a.out.headers {
		if h.name != name {
			kept = append(kept, h)
		}
	}
	a.out.headers = append(kept, header{name, value, err})
}

// collect writes the headers of the answer into the prediction: those that the configuration
// names anywhere, and those that Nginx sets itself.
func (a *answer) collect() {
	names := append([]string{}, always...)
	names = append(names, a.config.headerNames()...)
	for _, n := range names {
		a.p.Headers[n] = []string{}
	}
	if a.out.status == 204 { // it has no body, so no type of it
		a.out.contentType, a.out.typeErr = "", nil
	}
	if a.out.contentType != "" {
		a.p.Headers["Content-Type"] = []string{a.out.contentType}
	}
	if a.out.typeErr != nil {
		a.unknown["Content-Type"] = a.out.typeErr
	}
	if a.out.location != nil {
		a.p.Headers["Location"] = []string{textproto.TrimString(*a.out.location)}
		if a.locationErr != nil {
			a.unknown["Location"] = a.locationErr
		}
	}
	if a.gzipVary && a.location.is("gzip_vary", false) {
		a.p.Headers["Vary"] = []string{"Accept-Encoding"}
	}
	if a.ranged {
		a.p.Headers["Accept-Ranges"] = []string{"bytes"}
	}
	a.absent()
	for _, h := range a.out.headers {
		name := textproto.CanonicalMIMEHeaderKey(h.name)
		if h.err != nil {
			a.unknown[name] = h.err
			continue
		}
		value := textproto.TrimString(h.value)
		if !sendable(h.name, h.value) || beyond[name] {
			a.unknown[name] = &cause{Construct: "add_header", Why: "the model does not predict this header"}
			continue
		}
		if (name == "Etag" || name == "Last-Modified") && h.value == "" {
			a.p.Headers[name] = []string{}
			continue
		}
		a.p.Headers[name] = append(a.p.Headers[name], value)
	}
	for name := range beyond {
		delete(a.p.Headers, name)
	}
}

// absent states which of the headers of files the answer cannot have. Their values are not
// known where it has them.
func (a *answer) absent() {
	for _, name := range []string{"Etag", "Last-Modified"} {
		delete(a.p.Headers, name)
	}
	if a.out.file == "" || !a.location.is("etag", true) {
		a.p.Headers["Etag"] = []string{}
	}
	if a.out.file == "" || a.out.status != 200 {
		a.p.Headers["Last-Modified"] = []string{}
	}
}

// sendable reports whether a client can read a header.
func sendable(name, value string) bool {
	for i := range len(value) {
		if value[i] < 0x20 && value[i] != '\t' || value[i] == 0x7f {
			return false
		}
	}
	for i := range len(name) {
		if ch := name[i]; ch <= 0x20 || ch >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, ch) >= 0 {
			return false
		}
	}
	return name != ""
}

// body writes the body into the prediction.
func (a *answer) body() {
	if a.out.file != "" {
		a.p.File = cleanPath(a.out.file)
	}
	a.p.Text, a.p.Generated = a.out.text, a.out.generated
	if a.out.status == 204 {
		empty := ""
		a.p.Text, a.p.Generated, a.p.File = &empty, false, ""
	}
	if a.out.bodyErr != nil {
		a.forget("body", a.out.bodyErr)
	}
}

// forget makes a part of the prediction unknown.
func (a *answer) forget(what string, err error) {
	switch name, isHeader := strings.CutPrefix(what, "header "); {
	case isHeader:
		delete(a.p.Headers, name)
	case what == "headers":
		a.p.Headers = map[string][]string{}
	case what == "body":
		a.p.File, a.p.Text, a.p.Generated = "", nil, false
	}
	for _, u := range a.p.Unknown {
		if u.What == what {
			return
		}
	}
	a.p.Unknown = append(a.p.Unknown, a.config.unknown(what, err))
}

// effects makes unknown what directives can change that the model does not follow.
func (a *answer) effects() {
	for name, err := range a.unknown {
		a.forget("header "+name, err)
	}
	a.location.effects(func(d *conf.Directive, e effect) {
		for _, what := range e.what {
			if what != "answer" {
				a.forget(what, at(d, d.Name, e.why))
			}
		}
	})
}

// redirect makes the address of a redirect absolute.
func (a *answer) redirect() {
	to := a.out.location
	if to == nil || !strings.HasPrefix(*to, "/") || !a.location.is("absolute_redirect", true) {
		return
	}
	host, err := a.host, error(nil)
	if a.location.is("server_name_in_redirect", false) {
		host, _, err = a.serverName()
	}
	if host == "" || err != nil {
		a.locationErr = &cause{Construct: "absolute_redirect", Why: "the model does not know the server's own name"}
	}
	if port, _ := a.config.Port(); port != 80 && a.location.is("port_in_redirect", true) {
		host += ":" + strconv.Itoa(port)
	}
	absolute := "http://" + host + *to
	a.out.location = &absolute
}
