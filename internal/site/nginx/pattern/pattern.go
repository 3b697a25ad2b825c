// Package pattern matches the regular expressions of Nginx's configuration, which are PCRE
// over bytes. An expression in which its engine may differ from PCRE is not matched at all.
package pattern

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/dlclark/regexp2/v2"
)

// matchTimeout bounds a match. One that takes longer is unknown: PCRE has limits of its own.
const matchTimeout = 500 * time.Millisecond

// maxLength bounds an expression, maxDepth how deep its groups are.
const (
	maxLength = 4096
	maxDepth  = 50
)

var errSlow = errors.New("the expression takes too long to match")

// Pattern is a compiled expression.
type Pattern struct {
	re    *regexp2.Regexp
	names []string
	err   error
	slow  atomic.Bool // a match took too long: no other is tried
}

// Compile compiles an expression. One that cannot be matched with certainty is compiled too:
// its Match returns why.
func Compile(text string, ignoreCase bool) *Pattern {
	p := &Pattern{}
	p.re, p.names, p.err = compile(text, ignoreCase)
	return p
}

func compile(text string, ignoreCase bool) (*regexp2.Regexp, []string, error) {
	if len(text) > maxLength || strings.Count(text, "(") > maxDepth {
		return nil, nil, errUnsure
	}
	t := &translator{in: text}
	if err := t.run(); err != nil {
		return nil, nil, err
	}
	options := []regexp2.CompileOption{regexp2.None}
	if ignoreCase {
		options = append(options, regexp2.IgnoreCase)
	}
	re, err := regexp2.Compile(t.out.String(), options...)
	if err != nil {
		return nil, nil, fmt.Errorf("compile %q: %w", text, err)
	}
	re.MatchTimeout = matchTimeout
	return re, t.names, nil
}

// Names returns the names of the groups that have one.
func (p *Pattern) Names() (names []string) {
	for _, n := range p.names {
		if n != "" {
			names = append(names, n)
		}
	}
	return names
}

// Groups returns the number of groups.
func (p *Pattern) Groups() int { return len(p.names) }

// Match is what an expression matched.
type Match struct {
	Groups []string          // by number; the first is the whole match
	Named  map[string]string // by name of the group
}

// Match matches a text. It returns nil where the text does not match, and an error where it
// is not known whether it does.
func (p *Pattern) Match(text string) (*Match, error) {
	if p.err != nil {
		return nil, p.err
	}
	if p.slow.Load() {
		return nil, errSlow
	}
	if strings.ContainsAny(text, "\n\r") {
		return nil, errors.New("the model matches no line breaks")
	}
	found, err := p.re.FindStringMatch(encode(text))
	if err != nil {
		p.slow.Store(true)
		return nil, errSlow
	}
	if found == nil {
		return nil, nil
	}
	m := &Match{Named: map[string]string{}}
	for i, g := range found.Groups() {
		value := ""
		if len(g.Captures) > 0 {
			value = decode(g.String())
		}
		m.Groups = append(m.Groups, value)
		if i > 0 && p.names[i-1] != "" {
			m.Named[p.names[i-1]] = value
		}
	}
	return m, nil
}

// encode writes the bytes of a text as the runes that stand for them.
func encode(text string) string {
	var out strings.Builder
	for i := range len(text) {
		out.WriteRune(toRune(text[i]))
	}
	return out.String()
}

// decode is the reverse of encode.
func decode(text string) string {
	out := make([]byte, 0, len(text))
	for _, r := range text {
		if r >= raised {
			r -= raised
		}
		out = append(out, byte(r))
	}
	return string(out)
}
