package nginx

import (
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/nginx/conf"
)

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

// indexName expands a name of index. Nginx does not compute variables again for it.
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
