package nginx

import (
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/nginx/conf"
)

// condition runs the block of an if whose condition holds.
func (w *rewriter) condition(s *scope, d *conf.Directive) error {
	holds, err := w.holds(d)
	if err != nil || !holds {
		return err
	}
	inner := s.inner[d]
	if s.Name == "location" {
		w.location = inner
	}
	return w.block(inner)
}

// holds evaluates the condition of an if.
func (w *rewriter) holds(d *conf.Directive) (bool, error) {
	words, ok := conditionOf(d.Args)
	if !ok {
		return false, at(d, "if", "the model cannot read this condition")
	}
	if !strings.HasPrefix(words[0], "$") {
		return w.fileTest(words, d)
	}
	value, err := w.variable(lowerBytes(words[0][1:]), d)
	if err != nil {
		return false, err
	}
	if len(words) == 1 {
		return value != "" && value != "0", nil
	}
	switch operator := words[1]; operator {
	case "=", "!=":
		other, err := w.value(words[2], d)
		return (value == other) == (operator == "="), err
	case "~", "~*", "!~", "!~*":
		ok, err := w.match(words[2], strings.HasSuffix(operator, "*"), value, d)
		if err == nil && !ok {
			w.groups = nil
		}
		return ok != strings.HasPrefix(operator, "!"), err
	}
	return false, at(d, "if", "the model cannot read this condition")
}

// conditionOf returns the words of a condition without its parentheses.
func conditionOf(args []string) ([]string, bool) {
	words := slices.Clone(args)
	n := len(words)
	if n == 0 || !strings.HasPrefix(words[0], "(") || !strings.HasSuffix(words[n-1], ")") {
		return nil, false
	}
	if words[0] = words[0][1:]; words[0] == "" {
		words = words[1:]
	}
	if n = len(words); n == 0 || words[n-1] == "" {
		return nil, false
	}
	if words[n-1] = words[n-1][:len(words[n-1])-1]; words[n-1] == "" {
		words = words[:n-1]
	}
	return words, len(words) >= 1 && len(words) <= 3 && (len(words) != 2 || !strings.HasPrefix(words[0], "$")) && words[0] != "$"
}

// fileTest evaluates -f, -d and -e, and their opposites.
func (w *rewriter) fileTest(words []string, d *conf.Directive) (bool, error) {
	if len(words) != 2 {
		return false, at(d, "if", "the model cannot read this condition")
	}
	path, err := w.value(words[1], d)
	if err != nil {
		return false, err
	}
	kind, err := w.stat(path, d)
	if err != nil {
		return false, err
	}
	operator, not := strings.CutPrefix(words[0], "!")
	var ok bool
	switch {
	case operator == "-f":
		ok = kind == File
	case operator == "-d":
		ok = kind == Folder
	case operator == "-e":
		ok = kind != Absent
	case operator == "-x" && kind == Absent:
	default:
		return false, at(d, "if", "the model cannot read this condition")
	}
	return ok != not, nil
}
