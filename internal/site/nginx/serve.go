package nginx

import (
	"slices"
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
