package nginx

import (
	"net/textproto"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/nginx/conf"
)

// always are the headers that a prediction always speaks of.
var always = []string{"Content-Type", "Location", "Cache-Control", "Expires", "Vary", "Content-Encoding", "Accept-Ranges", "Www-Authenticate"}

// beyond are headers that the model does not predict, even if the configuration adds them.
var beyond = words("Date Server Content-Length Connection Keep-Alive Transfer-Encoding Trailer Upgrade")

// spokenOf returns the headers that every prediction speaks of, without values, if the
// configuration adds some.
func spokenOf(added []string) map[string][]string {
	headers := map[string][]string{}
	for _, n := range append(always[:len(always):len(always)], added...) {
		if !beyond[n] {
			headers[n] = []string{}
		}
	}
	return headers
}

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
	if a.broken != nil {
		return Prediction{Unknown: []Unknown{q.config.unknown("answer", a.broken)}}
	}
	return a.p
}

// answer is a prediction as it is made.
type answer struct {
	*request
	broken  error // that there is an answer at all is not known
	p       Prediction
	unknown map[string]error // of headers
	ranged  bool             // the answer offers ranges
	gzipped bool
}

// collect writes the headers of the answer into the prediction: those that the configuration
// names anywhere, and those that Nginx sets itself.
func (a *answer) collect() {
	a.p.Headers = spokenOf(a.config.added)
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
	a.ofFiles()
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
	a.p.Present = slices.DeleteFunc(a.p.Present, func(name string) bool { _, valued := a.p.Headers[name]; return valued })
}

// ofFiles states which of the headers of files the answer has, and which it cannot have. Their
// values are not known.
func (a *answer) ofFiles() {
	for _, name := range []string{"Etag", "Last-Modified"} {
		delete(a.p.Headers, name)
	}
	file := a.out.file != ""
	a.state("Etag", file && a.location.is("etag", true), file && a.out.status == 200)
	a.state("Last-Modified", file && a.out.status == 200, true)
}

// state states whether the answer has a header of files, where that is certain.
func (a *answer) state(name string, has, certain bool) {
	if !has {
		a.p.Headers[name] = []string{}
	} else if certain {
		a.p.Present = append(a.p.Present, name)
	}
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
		a.p.Present = slices.DeleteFunc(a.p.Present, func(p string) bool { return p == name })
	case what == "headers":
		a.p.Headers, a.p.Present = map[string][]string{}, nil
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
