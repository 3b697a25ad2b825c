package nginx

import (
	"errors"
	"net/http"
	"slices"

	"github.com/romanatrashyonok/kiln/internal/site/nginx/conf"
)

// maxChanges is how often the path of a request may change, as in Nginx.
const maxChanges = 11

var (
	errMoved      = errors.New("alias cannot be used where the path was rewritten")
	errHostname   = errors.New("the name of the machine is not known")
	errBlind      = errors.New("Nginx has not read the headers of a request that it cannot read")
	errUnderscore = errors.New("the request has a header whose name Nginx may ignore")
	errClient     = errors.New("the client chooses this header")
	errSeveral    = errors.New("the request has the header several times")
	errCookie     = errors.New("the model reads no cookies")
	errRelative   = errors.New("a relative path depends on where Nginx was built to be")
	errSegments   = errors.New("the model follows no dot segments in names of files")
	errUnlisted   = errors.New("the base image may have this file")
)

// request is a request that Nginx works on.
type request struct {
	config *Config
	tree   Tree
	server *server

	// What the client sent.
	target     string
	hostHeader string
	headers    http.Header
	host       string // without port, in lower case
	escaped    bool   // the path had a % or +
	blind      bool   // Nginx has not read the headers

	// What becomes of it.
	method        string
	uri, args     string
	extension     string
	location      *scope // the scope that applies
	internal      bool
	changed       bool // the path changed in the rewrite phase
	changes       int  // how often the path may still change
	validLocation bool // the path has not been rewritten in the location
	uriInAlias    bool // a file was found in an alias of an expression
	errorPage     bool // an error page is being sent
	errStatus     int  // the status of the error, which the answer keeps
	gzipVary      bool // the answer depends on Accept-Encoding
	gzipVaryErr   error

	values  map[string]known // of variables
	groups  []string         // of the last expression
	matches int              // how many expressions have matched
	depth   int

	answered    bool
	out         response
	locationErr error
}

// Predict predicts the answer to a request.
func (c *Config) Predict(t Tree, r Request) Prediction {
	q := &request{config: c, tree: t, target: r.Target, hostHeader: r.Host, headers: r.Header, method: r.Method, changes: maxChanges, values: map[string]known{}}
	if err := q.run(); err != nil {
		return Prediction{Unknown: []Unknown{c.unknown("answer", err)}}
	}
	return q.prediction()
}

// run works on the request.
func (q *request) run() error {
	for _, d := range q.config.outside {
		return at(d, d.Name, effectOf(d).why)
	}
	if err := q.plain(); err != nil {
		return err
	}
	host, ok, err := hostOf(q.hostHeader)
	if err != nil {
		return err
	}
	// The first line is read before the Host header, so that the default server answers it.
	if q.server, _, _, err = q.config.choose(""); err != nil {
		return err
	}
	q.location = q.server.scope
	t, valid := readTarget(q.target, q.server.is("merge_slashes", true))
	if !valid || !ok {
		if valid {
			q.takeTarget(t)
		}
		q.blind = true
		return q.finish(400)
	}
	q.takeTarget(t)
	q.host = host
	var named map[string]string
	var groups []string
	if q.server, named, groups, err = q.config.choose(host); err != nil {
		return err
	}
	q.location = q.server.scope
	if named != nil {
		q.take(groups, named)
	}
	if q.method == "TRACE" {
		return q.finish(405)
	}
	return q.handle()
}

// takeTarget takes what was read of the first line.
func (q *request) takeTarget(t target) {
	q.uri, q.args, q.extension, q.escaped = t.uri, t.args, t.extension, t.escaped
}

// methods are those that the model knows.
var methods = words("GET HEAD POST PUT DELETE PATCH OPTIONS TRACE MKCOL COPY MOVE PROPFIND PROPPATCH LOCK UNLOCK")

// plain checks that the model knows how Nginx reads the request at all.
func (q *request) plain() error {
	switch {
	case !methods[q.method]:
		return &cause{Construct: q.method, Why: "the model does not know this method"}
	case q.target == "" || q.target[0] != '/':
		return &cause{Construct: q.target, Why: "the model only knows targets that begin with /"}
	case len(q.target) > 2000:
		return &cause{Construct: "target", Why: "how long it may be depends on buffers"}
	}
	for i := range len(q.target) {
		if ch := q.target[i]; ch <= 0x20 || ch == 0x7f {
			return &cause{Construct: "target", Why: "a client cannot send it"}
		}
	}
	for name, values := range q.headers {
		switch {
		case len(values) > 1 && name != "Accept" && name != "Cookie" && name != "X-Forwarded-For":
			return &cause{Construct: name, Why: "the request has this header several times"}
		case name == "Content-Length" || name == "Transfer-Encoding" || name == "Expect" || name == "Upgrade":
			return &cause{Construct: name, Why: "the model knows no requests with a body, nor upgrades"}
		}
	}
	return nil
}

// handle works on the request from the rewrite directives of the server on, as Nginx does at
// first and after each internal redirect.
func (q *request) handle() error {
	q.validLocation = true
	if err := q.foreign(); err != nil {
		return err
	}
	if ended, err := q.rewritePhase(q.server.scope); ended || err != nil {
		return err
	}
	return q.locate()
}

// locate finds the location, and works on the request there.
func (q *request) locate() error {
	for {
		q.changed = false
		l, err := q.findLocation()
		if err != nil {
			return err
		}
		if q.location = l; !q.internal && l.find("internal") != nil {
			return q.finish(404)
		}
		q.limit()
		if err := q.foreign(); err != nil {
			return err
		}
		if q.location != q.server.scope {
			if ended, err := q.rewritePhase(q.location); ended || err != nil {
				return err
			}
		}
		if !q.changed {
			return q.serve()
		}
		if q.changes--; q.changes == 0 {
			return q.finish(500)
		}
		q.location = q.server.scope
	}
}

// foreign returns an error where a directive that the model does not know applies: it may
// change the request in any phase.
func (q *request) foreign() (err error) {
	q.location.effects(func(d *conf.Directive, e effect) {
		if _, listed := affects[d.Name]; !listed && err == nil && slices.Contains(e.what, "answer") && switches[d.Name].why == "" {
			err = at(d, d.Name, e.why)
		}
	})
	return err
}

// limit switches to limit_except, if the method is none that it excepts.
func (q *request) limit() {
	for _, d := range q.location.own["limit_except"] {
		allowed := map[string]bool{}
		for _, m := range d.Args {
			m = upper(m)
			allowed[m] = true
			if m == "GET" {
				allowed["HEAD"] = true
			}
		}
		if !allowed[q.method] {
			q.location = q.location.inner[d]
		}
	}
}

func upper(s string) string {
	b := []byte(s)
	for i, ch := range b {
		if ch >= 'a' && ch <= 'z' {
			b[i] = ch - 'a' + 'A'
		}
	}
	return string(b)
}

// redirect continues with a different path and arguments.
func (q *request) redirect(uri, args string) error {
	if q.changes--; q.changes == 0 {
		return q.finish(500)
	}
	if uri == "" {
		return &cause{Construct: "internal redirect", Why: "its path is empty"}
	}
	q.uri, q.args, q.extension = uri, args, extensionOf(uri)
	q.location, q.internal, q.uriInAlias = q.server.scope, true, false
	return q.handle()
}

// namedLocation continues in a named location.
func (q *request) namedLocation(name string) error {
	if q.changes--; q.changes == 0 {
		return q.finish(500)
	}
	l := q.server.named[name]
	if l == nil || q.uri == "" {
		return q.finish(500)
	}
	q.internal, q.changed, q.location = true, false, l
	q.limit()
	if err := q.foreign(); err != nil {
		return err
	}
	if ended, err := q.rewritePhase(q.location); ended || err != nil {
		return err
	}
	if !q.changed {
		return q.serve()
	}
	if q.changes--; q.changes == 0 {
		return q.finish(500)
	}
	q.location = q.server.scope
	return q.locate()
}
