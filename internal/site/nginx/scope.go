package nginx

import (
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/nginx/conf"
	"github.com/romanatrashyonok/kiln/internal/site/nginx/pattern"
)

// scope is a level of the configuration: http, a server, a location, an if or a limit_except.
// What it does not set itself it inherits from its parent.
type scope struct {
	*conf.Directive
	parent *scope
	own    map[string][]*conf.Directive

	foreign []foreign // in their order

	// Of a location.
	modifier string // "", "=", "^~" or "~"
	name     string // path, expression, or name with its @
	re       *pattern.Pattern

	static, regex []*scope                   // locations in it
	named         map[string]*scope          // of a server
	inner         map[*conf.Directive]*scope // if and limit_except
}

// newScope returns the scope of a directive's block, with those in it.
func newScope(d *conf.Directive, parent *scope) *scope {
	s := &scope{Directive: d, parent: parent, own: map[string][]*conf.Directive{}, named: map[string]*scope{}, inner: map[*conf.Directive]*scope{}}
	for _, d := range d.Block {
		s.own[d.Name] = append(s.own[d.Name], d)
		s.addForeign(d)
		switch d.Name {
		case "location":
			s.addLocation(d)
		case "if", "limit_except":
			s.inner[d] = newScope(d, s)
		}
	}
	return s
}

// addLocation adds a location by its kind.
func (s *scope) addLocation(d *conf.Directive) {
	l := newScope(d, s)
	l.modifier, l.name = locationOf(d.Args)
	switch {
	case strings.HasPrefix(l.modifier, "~"):
		l.re = pattern.Compile(l.name, l.modifier == "~*")
		l.modifier = "~"
		s.regex = append(s.regex, l)
	case l.modifier == "" && strings.HasPrefix(l.name, "@"):
		s.named[l.name] = l
	default:
		s.static = append(s.static, l)
	}
}

// locationOf returns modifier and name of a location. The two may be written as one word.
func locationOf(args []string) (modifier, name string) {
	if len(args) == 2 {
		return args[0], args[1]
	}
	if len(args) == 0 {
		return "", ""
	}
	for _, m := range []string{"=", "^~", "~*", "~"} {
		if rest, ok := strings.CutPrefix(args[0], m); ok {
			return m, rest
		}
	}
	return "", args[0]
}

// all returns the directives of a name in the nearest scope that has some.
func (s *scope) all(name string) []*conf.Directive {
	for ; s != nil; s = s.parent {
		if list := s.own[name]; len(list) > 0 {
			return list
		}
	}
	return nil
}

// find returns the last directive of a name in the nearest scope that has one, or nil.
func (s *scope) find(name string) *conf.Directive {
	if list := s.all(name); len(list) > 0 {
		return list[len(list)-1]
	}
	return nil
}

// text returns the first parameter of a directive, or a default.
func (s *scope) text(name, otherwise string) string {
	if d := s.find(name); d != nil && len(d.Args) > 0 {
		return d.Args[0]
	}
	return otherwise
}

// is reports whether a directive is on.
func (s *scope) is(name string, otherwise bool) bool {
	if d := s.find(name); d != nil && len(d.Args) > 0 {
		return strings.EqualFold(d.Args[0], "on")
	}
	return otherwise
}

// holder returns the nearest scope that has one of the directives, or nil.
func (s *scope) holder(names ...string) *scope {
	for ; s != nil; s = s.parent {
		for _, n := range names {
			if len(s.own[n]) > 0 {
				return s
			}
		}
	}
	return nil
}

// effects calls visit with each directive of the scope and those above it that the model does
// not follow, and that can change an answer.
func (s *scope) effects(visit func(*conf.Directive, effect)) {
	seen := map[string]bool{}
	for ; s != nil; s = s.parent {
		for _, e := range s.foreign {
			if e.isSwitch && seen[e.Name] {
				continue
			}
			if e.isSwitch {
				seen[e.Name] = true
			}
			if len(e.effect.what) > 0 {
				visit(e.Directive, e.effect)
			}
		}
	}
}

// foreign is a directive that the model does not follow. A switch, on or off, replaces the one
// of the scope above.
type foreign struct {
	*conf.Directive
	effect   effect
	isSwitch bool
}

// addForeign keeps a directive if the model does not follow it.
func (s *scope) addForeign(d *conf.Directive) {
	f := foreign{d, effectOf(d), switches[d.Name].why != ""}
	if f.isSwitch || len(f.effect.what) > 0 {
		s.foreign = append(s.foreign, f)
	}
}
