package suite

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/nginx"
)

// Kind is what a check follows from.
type Kind string

// The kinds of check.
const (
	Invariant Kind = "invariant" // holds for every site and every configuration
	Predicted Kind = "predicted" // the model of nginx derives it from the configuration
	Expected  Kind = "expected"  // site.toml asks for it
)

// Check is one expectation with what the site answered.
type Check struct {
	Name     string `json:"name"`
	Kind     Kind   `json:"kind"` // invariant, predicted or expected
	Passed   bool   `json:"passed"`
	Expected string `json:"expected"`
	Got      string `json:"got"`
}

// equal is a check that a value is as expected.
func equal(kind Kind, name, expected, got string) Check {
	return Check{Name: name, Kind: kind, Passed: expected == got, Expected: expected, Got: got}
}

// same is a check that bytes are as expected.
func same(kind Kind, name string, want, got body) Check {
	return Check{Name: name, Kind: kind, Passed: want.sha256 == got.sha256, Expected: want.String(), Got: got.String()}
}

// failIf fails a check for a reason; the first one counts.
func (c *Check) failIf(bad bool, format string, args ...any) {
	if bad && c.Passed {
		c.Passed, c.Got = false, fmt.Sprintf(format, args...)
	}
}

// NotJudged is a construct because of which checks are left out.
type NotJudged struct {
	What    string `json:"what"`    // directive, variable or program
	File    string `json:"file"`    // that has the construct; "" where none has
	Line    int    `json:"line"`    // 0 where it is no construct of a file
	Why     string `json:"why"`     // in a few words
	Of      string `json:"of"`      // parts of answers that are not judged, as "body, status"
	Checks  int    `json:"checks"`  // how many checks are left out: those that a prediction would have made
	Example string `json:"example"` // one of the requests, as "GET /index.html"
}

// String returns the construct, its place and the reason in a line.
func (n NotJudged) String() string {
	text := n.What
	if n.File != "" {
		text += fmt.Sprintf(" (%s:%d)", n.File, n.Line)
	}
	text += ": " + n.Why
	if n.Example == "" {
		return text
	}
	return fmt.Sprintf("%s; %s of %s, as of %s", text, count(n.Checks, "check"), n.Of, n.Example)
}

// count returns a number of things, as "1 check" or "2 checks".
func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprint(n, " ", what)
}

// findings is what one probe has found.
type findings struct {
	checks  []Check
	unknown []gap
	notes   []string
}

// gap is a check that is left out.
type gap struct {
	nginx.Unknown
	request string // "" where there is none
	checks  int    // how many checks; 0 for one
}

// check adds checks; one without a kind is an invariant.
func (f *findings) check(list ...Check) {
	for _, c := range list {
		c.Kind = cmp.Or(c.Kind, Invariant)
		f.checks = append(f.checks, c)
	}
}

func (f *findings) note(format string, args ...any) {
	f.notes = append(f.notes, fmt.Sprintf(format, args...))
}

// skip records checks that are left out because of the image, not of a construct.
func (f *findings) skip(what, of, why string) {
	f.unknown = append(f.unknown, gap{Unknown: nginx.Unknown{What: of, Construct: what, Why: why}})
}

// add appends the findings of a different probe.
func (f *findings) add(other findings) {
	f.checks = append(f.checks, other.checks...)
	f.unknown = append(f.unknown, other.unknown...)
	f.notes = append(f.notes, other.notes...)
}

// failed reports whether a check has failed.
func (f *findings) failed() bool {
	return slices.ContainsFunc(f.checks, func(c Check) bool { return !c.Passed })
}

// notJudged returns what is left out, one entry for each construct, line and reason.
func (f *findings) notJudged() (list []NotJudged) {
	type cause struct {
		construct, file, why string
		line                 int
	}
	index, of := map[cause]int{}, map[cause]map[string]bool{}
	for _, g := range f.unknown {
		c := cause{g.Construct, g.File, g.Why, g.Line}
		i, ok := index[c]
		if !ok {
			i, index[c], of[c] = len(list), len(list), map[string]bool{}
			list = append(list, NotJudged{What: g.Construct, File: g.File, Line: g.Line, Why: g.Why, Example: g.request})
		}
		list[i].Checks += max(g.checks, 1)
		if !of[c][g.What] {
			of[c][g.What] = true
			list[i].Of = strings.TrimPrefix(list[i].Of+", "+g.What, ", ")
		}
	}
	slices.SortFunc(list, func(a, b NotJudged) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, strings.Compare(a.What, b.What), strings.Compare(a.Why, b.Why))
	})
	return list
}
