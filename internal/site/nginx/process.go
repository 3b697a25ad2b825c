package nginx

import (
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/nginx/conf"
)

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
		if moved, err := q.process(); !moved {
			return err
		}
	}
}

// process works on the request in its location. It reports whether the path was rewritten:
// then a location is to be found again.
func (q *request) process() (moved bool, err error) {
	q.limit()
	if err := q.foreign(); err != nil {
		return false, err
	}
	if q.location != q.server.scope {
		if ended, err := q.rewritePhase(q.location); ended || err != nil {
			return false, err
		}
	}
	if !q.changed {
		return false, q.serve()
	}
	if q.changes--; q.changes == 0 {
		return false, q.finish(500)
	}
	q.location = q.server.scope
	return true, nil
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
			m = strings.ToUpper(m)
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
	if moved, err := q.process(); !moved {
		return err
	}
	return q.locate()
}
