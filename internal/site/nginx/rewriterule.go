package nginx

import (
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/nginx/conf"
)

// rule is a rewrite directive.
type rule struct {
	*conf.Directive
	replacement string
	addArgs     bool // the arguments of the request follow
	status      int  // of a redirect; else 0
	flag        string
}

func ruleOf(d *conf.Directive) rule {
	r := rule{Directive: d, replacement: d.Args[1], addArgs: true}
	if len(d.Args) == 3 {
		r.flag = d.Args[2]
	}
	if text, ok := strings.CutSuffix(r.replacement, "?"); ok {
		r.replacement, r.addArgs = text, false
	}
	for _, p := range []string{"http://", "https://", "$scheme"} {
		if strings.HasPrefix(r.replacement, p) {
			r.status = 302
		}
	}
	switch r.flag {
	case "redirect":
		r.status = 302
	case "permanent":
		r.status = 301
	}
	return r
}

// rewrite runs a rewrite.
func (w *rewriter) rewrite(d *conf.Directive) error {
	r := ruleOf(d)
	ok, err := w.match(d.Args[0], false, w.uri, d)
	if err != nil {
		return err
	}
	if !ok {
		w.groups = nil
		return nil
	}
	w.internal = true
	switch {
	case r.flag == "break":
		w.validLocation, w.changed = false, false
	default:
		w.changed = true
	}
	w.ended = r.flag == "last" || r.flag == "break" || r.status != 0
	w.quote = false
	if r.status != 0 {
		return w.redirect(r)
	}
	return w.replace(r)
}

// redirect answers with the address of a rewrite.
func (w *rewriter) redirect(r rule) error {
	to, err := w.expandGroups(r.replacement, r.Directive, w.escapeGroup)
	if err != nil {
		w.locationErr, to, err = err, "", nil
	}
	to = unescapeRedirect(to)
	if r.addArgs && w.args != "" {
		if literalQuery(r.replacement) {
			to += "&" + w.args
		} else {
			to += "?" + w.args
		}
	}
	w.setLocation(to)
	w.status = r.status
	return err
}

// escapeGroup escapes a group if the path was escaped.
func (w *rewriter) escapeGroup(group string) string {
	if w.escaped {
		return escapeArgs(group)
	}
	return group
}

// literalQuery reports whether a replacement has a ? of its own, outside of variables.
func literalQuery(replacement string) bool { return strings.Contains(replacement, "?") }

// replace changes path and arguments.
func (w *rewriter) replace(r rule) error {
	path, query, hasQuery := strings.Cut(r.replacement, "?")
	uri, err := w.expand(path, r.Directive)
	if err != nil {
		return err
	}
	if hasQuery {
		args, err := w.expandGroups(query, r.Directive, w.escapeGroup)
		if err != nil {
			return err
		}
		if r.addArgs && w.args != "" {
			args += "&" + w.args
		}
		w.args, w.stale = args, true
	} else if !r.addArgs {
		w.args = ""
	}
	w.uri = uri
	if uri == "" {
		w.status, w.ended = 500, true
		return nil
	}
	w.extension = extensionOf(uri)
	return nil
}
