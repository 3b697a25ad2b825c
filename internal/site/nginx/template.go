package nginx

import (
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/nginx/conf"
)

// part is a part of a value: a text, a variable, or a group of the last expression.
type part struct {
	text     string
	variable string
	group    int
}

// template is a value with variables.
type template struct {
	parts []part
	wrong bool // Nginx would not take it
	vars  bool // it has variables or groups
}

// newTemplate parses a value.
func newTemplate(value string) *template {
	t := &template{}
	for value != "" {
		i := strings.IndexByte(value, '$')
		if i < 0 {
			t.parts = append(t.parts, part{text: value})
			break
		}
		if i > 0 {
			t.parts = append(t.parts, part{text: value[:i]})
		}
		t.vars = true
		p, rest, ok := variable(value[i+1:])
		if !ok {
			t.wrong = true
			break
		}
		t.parts, value = append(t.parts, p), rest
	}
	return t
}

// variable reads what follows a $.
func variable(s string) (p part, rest string, ok bool) {
	if s != "" && s[0] >= '1' && s[0] <= '9' {
		return part{group: int(s[0] - '0')}, s[1:], true
	}
	braced := strings.HasPrefix(s, "{")
	s = strings.TrimPrefix(s, "{")
	n := 0
	for n < len(s) && (s[n] == '_' || s[n] >= '0' && s[n] <= '9' || s[n] >= 'a' && s[n] <= 'z' || s[n] >= 'A' && s[n] <= 'Z') {
		n++
	}
	name, rest := s[:n], s[n:]
	if braced {
		if !strings.HasPrefix(rest, "}") {
			return p, rest, false
		}
		rest = rest[1:]
	}
	return part{variable: lowerBytes(name)}, rest, name != "" // names have no case
}

// expand returns a value with its variables replaced. at is the directive that has it.
func (q *request) expand(value string, at *conf.Directive) (string, error) {
	return q.expandGroups(value, at, func(s string) string { return s })
}

// expandGroups is expand with a function that is applied to groups.
func (q *request) expandGroups(value string, from *conf.Directive, group func(string) string) (string, error) {
	t := q.config.template(value)
	if t.wrong {
		return "", at(from, value, "the model cannot read this value")
	}
	before, groups := q.matches, false
	var out strings.Builder
	for _, p := range t.parts {
		switch {
		case p.variable != "":
			text, err := q.variable(p.variable, from)
			if err != nil {
				return "", err
			}
			out.WriteString(text)
		case p.group > 0:
			groups = true
			out.WriteString(group(q.group(p.group)))
		default:
			out.WriteString(p.text)
		}
	}
	if groups && q.matches != before {
		return "", at(from, value, "a map with an expression changes its groups meanwhile")
	}
	return out.String(), nil
}

// group returns a group of the last expression that matched.
func (q *request) group(n int) string {
	if n < len(q.groups) {
		return q.groups[n]
	}
	return ""
}

// match matches an expression and keeps its groups. A text that does not match leaves the
// groups of the last match.
func (q *request) match(expression string, ignoreCase bool, text string, from *conf.Directive) (bool, error) {
	p := q.config.pattern(expression, ignoreCase)
	m, err := p.Match(text)
	if err != nil {
		return false, at(from, expression, err.Error())
	}
	if m == nil {
		return false, nil
	}
	q.take(m.Groups, m.Named)
	return true, nil
}

// take keeps the groups of a match.
func (q *request) take(groups []string, named map[string]string) {
	q.matches++
	q.groups = groups
	for name, value := range named {
		q.values[lowerBytes(name)] = known{text: value}
	}
}
