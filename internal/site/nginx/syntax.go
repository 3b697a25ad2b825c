package nginx

import (
	"fmt"

	"github.com/romanatrashyonok/kiln/internal/site/nginx/conf"
)

// form is how a directive is written: the least and the highest number of its parameters, and
// whether it has a block.
type form struct {
	least, most int
	block       bool
}

// many is no limit.
const many = 1 << 20

// forms are the directives that the model reads. Nginx itself says what is wrong with others.
var forms = map[string]form{
	"http": {0, 0, true}, "server": {0, 0, true}, "location": {1, 2, true}, "types": {0, 0, true}, "map": {2, 2, true},
	"if": {1, many, true}, "limit_except": {1, many, true}, "events": {0, 0, true},
	"include": {1, 1, false}, "listen": {1, many, false}, "server_name": {1, many, false}, "root": {1, 1, false}, "alias": {1, 1, false},
	"index": {1, many, false}, "try_files": {2, many, false}, "error_page": {2, many, false}, "return": {1, 2, false},
	"rewrite": {2, 3, false}, "set": {2, 2, false}, "break": {0, 0, false}, "internal": {0, 0, false},
	"add_header": {2, 3, false}, "expires": {1, 2, false}, "charset": {1, 1, false}, "charset_types": {1, many, false},
	"default_type": {1, 1, false}, "allow": {1, 1, false}, "deny": {1, 1, false}, "satisfy": {1, 1, false},
	"auth_basic": {1, 1, false}, "auth_basic_user_file": {1, 1, false}, "autoindex": {1, 1, false}, "etag": {1, 1, false},
	"absolute_redirect": {1, 1, false}, "port_in_redirect": {1, 1, false}, "server_name_in_redirect": {1, 1, false},
	"merge_slashes": {1, 1, false}, "recursive_error_pages": {1, 1, false}, "gzip": {1, 1, false}, "gzip_static": {1, 1, false},
	"gzip_vary": {1, 1, false}, "gzip_types": {1, many, false}, "gzip_min_length": {1, 1, false}, "max_ranges": {1, 1, false},
	"add_header_inherit": {1, 1, false}, "valid_referers": {1, many, false}, "server_tokens": {1, 1, false},
}

// check returns what is wrong with the form of directives. Entries of types, maps and the like
// are no directives.
func check(list []*conf.Directive) (errors []conf.Error) {
	for _, d := range list {
		f, known := forms[d.Name]
		if known {
			if text := f.fault(d); text != "" {
				errors = append(errors, conf.Error{File: d.File, Line: d.Line, Text: text})
			}
		}
		if !isTable(d.Name) {
			errors = append(errors, check(d.Block)...)
		}
	}
	return errors
}

// isTable reports whether the block of a directive has entries instead of directives.
func isTable(name string) bool {
	switch name {
	case "types", "map", "geo", "split_clients", "charset_map":
		return true
	}
	_, known := forms[name]
	return !known
}

// fault returns what is wrong with a directive; "" for nothing.
func (f form) fault(d *conf.Directive) string {
	switch n := len(d.Args); {
	case d.HasBlock && !f.block:
		return fmt.Sprintf(`expected ";" behind %q and its parameters, got "{"`, d.Name)
	case !d.HasBlock && f.block:
		return fmt.Sprintf(`expected a block { } behind %q and its parameters, got ";"`, d.Name)
	case n < f.least:
		return fmt.Sprintf("%q has too few parameters: expected at least %d, got %d", d.Name, f.least, n)
	case n > f.most:
		return fmt.Sprintf("%q has too many parameters: expected at most %d, got %d; is a \";\" missing?", d.Name, f.most, n)
	}
	return ""
}
