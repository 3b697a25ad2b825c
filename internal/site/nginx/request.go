package nginx

import (
	"errors"
	"net/http"
)

// maxChanges is how often the path of a request may change, as in Nginx.
const maxChanges = 11

var (
	errMoved      = errors.New("alias cannot be used where the path was rewritten")
	errHostname   = errors.New("the name of the machine is not known")
	errBlind      = errors.New("the headers of a request that Nginx cannot read are unknown")
	errUnderscore = errors.New("the request has a header whose name Nginx may ignore")
	errClient     = errors.New("the client chooses this header")
	errSeveral    = errors.New("the request has the header several times")
	errCookie     = errors.New("the model reads no cookies")
	errRelative   = errors.New("a relative path depends on where Nginx was built to be")
	errSegments   = errors.New("the model follows no dot segments in names of files")
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
		} else {
			q.target = "" // Nginx forgets it, too
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
