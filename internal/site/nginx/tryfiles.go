package nginx

import (
	"strconv"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/nginx/conf"
)

// tryFiles runs try_files. It reports whether the request went elsewhere.
func (q *request) tryFiles(d *conf.Directive) (done bool, err error) {
	p, err := q.place()
	if err == errMoved {
		return true, q.finish(500)
	}
	if err != nil {
		return true, err
	}
	last := len(d.Args) - 1
	for _, a := range d.Args[:last] {
		text, folder := strings.CutSuffix(a, "/")
		name, err := q.tryName(text, p, d)
		if err != nil {
			return true, err
		}
		file := p.root + name
		if folder && file == "" {
			file = "/"
		}
		kind, err := q.stat(file, d)
		if err != nil {
			return true, err
		}
		if kind == Absent || (kind == Folder) != folder {
			continue
		}
		q.takeName(name, p, folder)
		return false, nil
	}
	return true, q.tryLast(d, p, d.Args[last])
}

// tryName expands a name of try_files. That of an alias loses the location's part.
func (q *request) tryName(text string, p place, d *conf.Directive) (string, error) {
	name, err := q.expand(text, d)
	if err != nil {
		return "", err
	}
	if q.config.template(text).vars && p.skip > 0 && p.skip <= len(q.uri) {
		name = strings.TrimPrefix(name, q.uri[:p.skip])
	}
	return name, nil
}

// takeName takes a file or folder that try_files found.
func (q *request) takeName(name string, p place, folder bool) {
	switch {
	case p.full && folder:
	case p.full:
		q.uri, q.uriInAlias = name, true
	default:
		q.uri = q.uri[:p.skip] + name
	}
	q.extension = extensionOf(q.uri)
}

// tryLast runs the last parameter of try_files, which is not looked up.
func (q *request) tryLast(d *conf.Directive, p place, text string) error {
	if number, ok := strings.CutPrefix(text, "="); ok {
		code, err := strconv.Atoi(number)
		if err != nil || code < 300 && code != 201 && code != 204 || code > 999 {
			return at(d, "try_files", "the model does not know this code")
		}
		return q.finish(code)
	}
	name, err := q.tryName(text, p, d)
	if err != nil {
		return err
	}
	if strings.HasPrefix(name, "@") {
		return q.namedLocation(name)
	}
	uri, args, _ := strings.Cut(name, "?")
	return q.redirect(uri, args)
}
