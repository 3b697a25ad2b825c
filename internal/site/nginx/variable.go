package nginx

import (
	"strconv"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/nginx/conf"
)

// known is the value of a variable: a text, or why it is not known.
type known struct {
	text string
	err  error
}

// maxVariableDepth bounds how deep variables name variables, as Nginx does for maps that
// name each other.
const maxVariableDepth = 90

// changing are the variables that Nginx computes again each time. All others keep their first
// value, even if what they were made of changes.
var changing = words("uri document_uri args query_string is_args document_root realpath_root request_filename request_method status")

// variable returns the value of a variable.
func (q *request) variable(name string, from *conf.Directive) (string, error) {
	if v, ok := q.values[name]; ok {
		return v.text, v.err
	}
	if q.depth++; q.depth > maxVariableDepth {
		return "", at(from, "$"+name, "it depends on itself")
	}
	defer func() { q.depth-- }()
	text, keep, err := q.compute(name, from)
	if keep {
		q.values[name] = known{text, err}
	}
	return text, err
}

// compute computes a variable, and reports whether it keeps its value.
func (q *request) compute(name string, from *conf.Directive) (text string, keep bool, err error) {
	if m := q.config.maps[name]; m != nil {
		text, err = m.value(q)
		return text, !m.volatile, err
	}
	if d := q.config.foreign[name]; d != nil {
		return "", false, at(d, "$"+name, d.Name+": the model does not know its value")
	}
	text, ok, err := q.builtin(name)
	switch {
	case err != nil:
		return "", false, at(from, "$"+name, err.Error())
	case ok:
		return text, !changing[name] && !strings.HasPrefix(name, "arg_"), nil
	case q.config.set[name]: // it has not been set yet
		return "", false, nil
	}
	return "", false, at(from, "$"+name, "the model does not know this variable")
}

// builtin returns the value of a variable of Nginx itself.
func (q *request) builtin(name string) (text string, ok bool, err error) {
	switch name {
	case "uri", "document_uri":
		return q.uri, true, nil
	case "args", "query_string":
		return q.args, true, nil
	case "is_args":
		if q.args != "" {
			return "?", true, nil
		}
		return "", true, nil
	case "request_uri":
		return q.target, true, nil
	case "request_method":
		return q.method, true, nil
	case "scheme":
		return "http", true, nil
	case "https", "request_completion", "request_body_file":
		return "", true, nil
	case "host":
		if q.host != "" {
			return q.host, true, nil
		}
		return q.serverName()
	case "server_name":
		return q.serverName()
	case "server_port":
		port, _ := q.config.Port()
		return strconv.Itoa(port), true, nil
	case "status":
		return q.statusVariable()
	case "document_root":
		text, err = q.rootFolder()
		return text, true, err
	case "request_filename":
		text, err = q.path()
		if err == errMoved {
			return "", true, nil
		}
		return text, true, err
	case "invalid_referer":
		return q.invalidReferer()
	}
	return q.builtinPrefix(name)
}

// builtinPrefix returns the value of a variable whose name has a part that the user chooses.
func (q *request) builtinPrefix(name string) (text string, ok bool, err error) {
	if header, found := strings.CutPrefix(name, "http_"); found {
		text, err = q.header(header)
		return text, true, err
	}
	if name == "content_type" || name == "content_length" {
		text, err = q.header(name)
		return text, true, err
	}
	if arg, found := strings.CutPrefix(name, "arg_"); found {
		return q.argument(arg), true, nil
	}
	if cookie, found := strings.CutPrefix(name, "cookie_"); found {
		text, err = q.cookie(cookie)
		return text, true, err
	}
	if header, found := strings.CutPrefix(name, "sent_http_"); found {
		text, err = q.sent(header)
		return text, true, err
	}
	return "", false, nil
}

func (q *request) serverName() (string, bool, error) {
	name := q.server.names[0]
	if name == "$hostname" {
		return "", true, errHostname
	}
	return strings.TrimPrefix(name, "."), true, nil
}

// statusVariable returns $status, which is known once there is an answer.
func (q *request) statusVariable() (string, bool, error) {
	status := q.errStatus
	if status == 0 {
		status = q.out.status
	}
	return pad3(status), true, nil
}

func pad3(n int) string {
	s := strconv.Itoa(n)
	return strings.Repeat("0", max(0, 3-len(s))) + s
}
