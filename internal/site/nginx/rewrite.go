package nginx

import (
	"slices"
	"strconv"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/nginx/conf"
)

// rewriter runs the directives of the rewrite module in one scope.
type rewriter struct {
	*request
	quote  bool // groups are escaped if the path was
	stale  bool // whether they are depends on Nginx's version
	status int  // that the request ends with; 0 for none
	ended  bool // no further directive runs
}

// rewritePhase runs the directives of a scope. It reports whether the request has ended.
func (q *request) rewritePhase(s *scope) (ended bool, err error) {
	w := &rewriter{request: q, quote: true}
	if err := w.block(s); err != nil {
		return true, err
	}
	if w.status != 0 {
		return true, q.finish(w.status)
	}
	return q.answered, nil
}

// block runs the directives of a scope in their order.
func (w *rewriter) block(s *scope) (err error) {
	for _, d := range s.Block {
		switch d.Name {
		case "set":
			err = w.set(d)
		case "return":
			err = w.returns(d)
		case "rewrite":
			err = w.rewrite(d)
		case "break":
			if w.ended = true; w.changed {
				w.changed, w.validLocation = false, false
			}
		case "if":
			err = w.condition(s, d)
		default:
			if e := effectOf(d); s.Name == "if" && slices.Contains(e.what, "answer") {
				err = at(d, d.Name, e.why)
			}
		}
		if err != nil || w.ended {
			return err
		}
	}
	return nil
}

// value expands a parameter of set or if.
func (w *rewriter) value(text string, from *conf.Directive) (string, error) {
	var doubt bool
	value, err := w.expandGroups(text, from, func(group string) string {
		escaped := escapeArgs(group)
		if !w.escaped || escaped == group {
			return group
		}
		doubt = doubt || w.stale
		if w.quote {
			return escaped
		}
		return group
	})
	if doubt {
		return "", at(from, text, "versions of Nginx escape this group differently")
	}
	return value, err
}

func (w *rewriter) set(d *conf.Directive) error {
	name := lowerBytes(strings.TrimPrefix(d.Args[0], "$"))
	value, err := w.value(d.Args[1], d)
	if err != nil {
		w.values[name] = known{err: err} // it may never be used
		if name == "args" {
			return err
		}
		return nil
	}
	if name == "args" {
		w.args = value
		return nil
	}
	w.values[name] = known{text: value}
	return nil
}

// returns runs a return.
func (w *rewriter) returns(d *conf.Directive) error {
	w.ended = true
	code, err := strconv.Atoi(d.Args[0])
	text := ""
	switch {
	case err != nil && len(d.Args) == 1:
		code, text = 302, d.Args[0]
	case err != nil || code < 0 || code > 999:
		return at(d, "return", "the model does not know this code")
	case len(d.Args) == 2:
		text = d.Args[1]
	}
	if code >= 400 && text == "" {
		w.status = code
		return nil
	}
	if code < 200 {
		return at(d, "return", "the model does not know this code")
	}
	w.out.status = code // for $status
	body, err := w.expand(text, d)
	if isRedirect(code) {
		if err != nil {
			w.locationErr = err
		}
		w.setLocation(body)
		w.status = code
		return nil
	}
	return w.respond(code, body, err, d)
}

func isRedirect(code int) bool {
	return code == 301 || code == 302 || code == 303 || code == 307 || code == 308
}
