package nginx

import (
	"slices"
	"strconv"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/nginx/conf"
)

// serve works on the request behind the rewrite phase: access, try_files, content.
func (q *request) serve() error {
	var foreign error
	q.location.effects(func(d *conf.Directive, e effect) {
		if slices.Contains(e.what, "answer") && foreign == nil {
			foreign = at(d, d.Name, e.why)
		}
	})
	if foreign != nil {
		return foreign
	}
	status, err := q.access()
	if err != nil {
		return err
	}
	if status != 0 {
		return q.finish(status)
	}
	if list := q.location.own["try_files"]; len(list) > 0 {
		if done, err := q.tryFiles(list[0]); done || err != nil {
			return err
		}
	}
	if strings.HasSuffix(q.uri, "/") {
		return q.folderContent()
	}
	return q.fileContent()
}

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

// folderContent answers a path that ends with a slash.
func (q *request) folderContent() error {
	reads := q.method == "GET" || q.method == "HEAD" || q.method == "POST"
	if reads {
		if done, err := q.index(); done || err != nil {
			return err
		}
	}
	if q.location.is("autoindex", false) && reads && q.method != "POST" {
		return q.listing()
	}
	if !reads {
		return q.finish(405)
	}
	return q.finish(403)
}

// index looks for the index file of a folder. It reports whether it answered.
func (q *request) index() (done bool, err error) {
	names, from := []string{"index.html"}, q.location.Directive
	if list := q.location.all("index"); len(list) > 0 {
		names, from = nil, list[0]
		for _, d := range list {
			names = append(names, d.Args...)
		}
	}
	tested := false
	for _, n := range names {
		name, err := q.indexName(n, from)
		if err != nil {
			return true, err
		}
		if strings.HasPrefix(name, "/") {
			return true, q.redirect(name, q.args)
		}
		folder, err := q.path()
		if err == errMoved {
			return true, q.finish(500)
		}
		if err != nil {
			return true, err
		}
		kind, err := q.stat(folder+name, from)
		if err != nil {
			return true, err
		}
		if kind != Absent {
			return true, q.redirect(q.uri+name, q.args)
		}
		if done, err := q.noIndex(folder, from, &tested); done || err != nil {
			return true, err
		}
	}
	return false, nil
}

// noIndex answers 404 for a folder that does not exist.
func (q *request) noIndex(folder string, from *conf.Directive, tested *bool) (bool, error) {
	if *tested {
		return false, nil
	}
	*tested = true
	kind, err := q.stat("/"+strings.Trim(folder, "/"), from)
	if err != nil {
		return true, err
	}
	if kind != Folder {
		return true, q.finish(404)
	}
	return false, nil
}

// indexName expands a name of index. Nginx does not compute variables anew for it.
func (q *request) indexName(text string, from *conf.Directive) (string, error) {
	for _, p := range q.config.template(text).parts {
		if changing[p.variable] || strings.HasPrefix(p.variable, "arg_") {
			return "", at(from, "$"+p.variable, "index may use an older value of it")
		}
	}
	return q.expand(text, from)
}

// listing answers with the list of a folder's files.
func (q *request) listing() error {
	d := q.location.find("autoindex")
	folder, err := q.path()
	if err == errMoved {
		return q.finish(500)
	}
	if err != nil {
		return err
	}
	kind, err := q.stat(folder, d)
	if err != nil {
		return err
	}
	if kind != Folder {
		return q.finish(404)
	}
	q.answered = true
	q.out.status, q.out.contentType, q.out.length = 200, "text/html", -1
	q.out.bodyErr = at(d, "autoindex", "the model makes no listings")
	return nil
}

// fileContent answers with a file.
func (q *request) fileContent() error {
	if q.method != "GET" && q.method != "HEAD" && q.method != "POST" {
		return q.finish(405)
	}
	file, err := q.path()
	if err == errMoved {
		return q.finish(500)
	}
	if err != nil {
		return err
	}
	if q.method != "POST" {
		if done, err := q.gzipStatic(file); done || err != nil {
			return err
		}
	}
	kind, err := q.stat(file, q.location.Directive)
	if err != nil {
		return err
	}
	switch {
	case kind == Absent:
		return q.finish(404)
	case kind == Folder:
		to := escapeURI(q.uri) + "/"
		if q.args != "" {
			to += "?" + q.args
		}
		q.setLocation(to)
		return q.finish(301)
	case q.method == "POST":
		return q.finish(405)
	}
	q.sendFile(file)
	return nil
}

// sendFile answers with a file.
func (q *request) sendFile(file string) {
	q.answered = true
	q.out.status, q.out.file, q.out.length = 200, file, -1
	q.setContentType()
}

// gzipStatic answers with the compressed file beside a file.
func (q *request) gzipStatic(file string) (done bool, err error) {
	d := q.location.find("gzip_static")
	if d == nil || d.Args[0] == "off" {
		return false, nil
	}
	accepts, err := q.acceptsGzip()
	if d.Args[0] == "always" {
		accepts, err = true, nil
	}
	if err != nil {
		return true, err
	}
	if !accepts && !q.location.is("gzip_vary", false) {
		return false, nil
	}
	kind, err := q.stat(file+".gz", d)
	if err != nil || kind == Absent {
		return false, err
	}
	if d.Args[0] == "on" {
		q.gzipVary = true
	}
	if !accepts || kind != File {
		return false, nil
	}
	q.sendFile(file + ".gz")
	q.out.add("Content-Encoding", "gzip", nil)
	q.out.encoded = true
	return true, nil
}
