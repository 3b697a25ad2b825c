package nginx

import (
	"path"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/nginx/conf"
)

// stat returns what a path of the image is.
func (q *request) stat(name string, from *conf.Directive) (Kind, error) {
	switch {
	case !strings.HasPrefix(name, "/"):
		return 0, at(from, from.Name, name+": "+errRelative.Error())
	case strings.Contains(name+"/", "/../") || strings.Contains(name+"/", "/./"):
		return 0, at(from, from.Name, name+": "+errSegments.Error())
	}
	for _, part := range strings.Split(name, "/") {
		if len(part) > 255 {
			return Absent, nil
		}
	}
	kind := q.tree.Stat(path.Clean(name))
	if kind == Unlisted {
		if h := q.location.holder("root", "alias"); h != nil {
			from = append(slices.Clone(h.own["root"]), h.own["alias"]...)[0]
		}
		return 0, at(from, from.Name, "the base image may have "+unlisted(path.Clean(name), from))
	}
	if kind == File && strings.HasSuffix(name, "/") {
		return Absent, nil // it is no folder
	}
	return kind, nil
}

// unlisted returns what is not known about a path: where root or alias names its folder, files
// of that folder, so that all of them have one reason.
func unlisted(name string, root *conf.Directive) string {
	if (root.Name == "root" || root.Name == "alias") && len(root.Args) == 1 {
		if folder := path.Clean(root.Args[0]); strings.HasPrefix(name, strings.TrimSuffix(folder, "/")+"/") {
			return "files in " + folder
		}
	}
	return name
}

// rootFolder returns the folder of root or alias, with its variables replaced.
func (q *request) rootFolder() (string, error) {
	holder := q.location.holder("root", "alias")
	if holder == nil {
		return "", errRelative
	}
	if list := holder.own["alias"]; len(list) > 0 {
		return q.folder(list[0])
	}
	return q.folder(holder.own["root"][0])
}

func (q *request) folder(d *conf.Directive) (string, error) {
	text := d.Args[0]
	if d.Name == "root" {
		text = strings.TrimSuffix(text, "/")
	}
	folder, err := q.expand(text, d)
	if err == nil && folder != "" && folder[0] != '/' || text == "" && d.Args[0] == "" {
		return "", at(d, d.Name, errRelative.Error())
	}
	if err == nil && folder == "" && text != "" { // variables that are empty
		return "", at(d, d.Name, errRelative.Error())
	}
	return folder, err
}

// place is where the files of a path are.
type place struct {
	root string // folder of root, or of alias
	skip int    // bytes of the path that an alias replaces
	full bool   // the alias is the whole file: that of a location with an expression
}

// place returns where the files of the location are.
func (q *request) place() (place, error) {
	root, err := q.rootFolder()
	if err != nil {
		return place{}, err
	}
	holder := q.location.holder("root", "alias")
	if len(holder.own["alias"]) == 0 {
		return place{root: root}, nil
	}
	if !q.validLocation {
		return place{}, errMoved
	}
	for holder.Name == "if" || holder.Name == "limit_except" {
		holder = holder.parent
	}
	if holder.re != nil {
		return place{root: root, full: true}, nil
	}
	return place{root: root, skip: len(holder.name)}, nil
}

// path returns the file of the request's path.
func (q *request) path() (string, error) {
	p, err := q.place()
	if err != nil {
		return "", err
	}
	return p.file(q)
}

// file returns the file of the request's path in a place.
func (p place) file(q *request) (string, error) {
	switch {
	case p.full && !q.uriInAlias:
		return p.root, nil
	case p.skip > len(q.uri):
		return "", &cause{Construct: "alias", Why: "the path is shorter than the location"}
	}
	return p.root + q.uri[p.skip:], nil
}
