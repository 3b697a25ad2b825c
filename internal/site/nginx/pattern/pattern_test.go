package pattern

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		expression string
		ignoreCase bool
		text       string
		groups     []string // nil for no match
	}{
		{`^/a/(.*)$`, false, "/a/b", []string{"/a/b", "b"}},
		{`\.(css|js)$`, true, "/X.CSS", []string{".CSS", "CSS"}},
		{`\.(css|js)$`, false, "/X.CSS", nil},
		{`^/(?!api/)([^/]+)`, false, "/about", []string{"/about", "about"}},
		{`^/(?!api/)([^/]+)`, false, "/api/x", nil},
		{`^(?<lang>en|de)/(x)(?P<rest>.*)$`, false, "de/xyz", []string{"de/xyz", "de", "x", "yz"}},
		{`[.-][0-9a-f]{8,}\.[0-9a-z]+$`, false, "/a-12345678.js", []string{"-12345678.js"}},
		{`^[]a]+$`, false, "]a", []string{"]a"}},
		{`^[[a]+$`, false, "[a", []string{"[a"}},
		{`^[a-z-[b]+$`, false, "a-[", []string{"a-["}}, // no subtraction in PCRE
		{`^[\w.-]+$`, false, "a.-_", []string{"a.-_"}},
		{`^\w$`, false, "\xe9", nil}, // bytes, and no letters
		{`^..$`, false, "é", []string{"é"}},
		{`^[^a]$`, false, "\xff", []string{"\xff"}},
		{`^[\x80-\xff]+$`, false, "é", []string{"é"}},
		{`(a)|(b)`, false, "b", []string{"b", "", "b"}},
		{`^(.)\1$`, false, "aa", []string{"aa", "a"}},
		{`a{`, false, "a{", []string{"a{"}},
		{`^/[[:digit:]]+$`, false, "/42", []string{"/42"}},
		{``, false, "x", []string{""}},
	} {
		m, err := Compile(c.expression, c.ignoreCase).Match(c.text)
		if err != nil || (m == nil) != (c.groups == nil) || m != nil && !slices.Equal(m.Groups, c.groups) {
			t.Errorf("%q on %q: got %+v, %v", c.expression, c.text, m, err)
		}
	}
}

// TestUncertainIsNotMatched has the constructs in which engines differ.
func TestUncertainIsNotMatched(t *testing.T) {
	for _, expression := range []string{
		`a++`, `a*+`, `a{1}+`, `\h`, `\R`, `\Qa\E`, `(?|a|b)`, `(?R)`, `(?1)`, `(?<n>a)(?<n>b)`, `(*UTF8)a`, `\p{L}`, `a{,3}`,
		`(?(1)a)`, `[[.a.]]`, `[a-\d]`, `\12`, `(?x) a`, `\K`, `(`, `)`, `[`, `a\`, `(?<`, `\x{e9}`, `\1`,
	} {
		if m, err := Compile(expression, false).Match("a"); err == nil {
			t.Errorf("%q: got %+v", expression, m)
		}
	}
}

// TestSlowExpressionIsTriedOnce has an expression that backtracks without end.
func TestSlowExpressionIsTriedOnce(t *testing.T) {
	p := Compile(`^(a*)*(a*)*(a*)*b$`, false)
	start := time.Now()
	for range 20 {
		if m, err := p.Match(strings.Repeat("a", 60)); err == nil {
			t.Fatalf("got %+v", m)
		}
	}
	if spent := time.Since(start); spent > 5*time.Second {
		t.Errorf("took %s", spent)
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(`^/(?!api/)([^/]+)\.(css|js)$`, "/a.css")
	f.Add(`[a-z-[b]{2,}(?<n>x)\k<n>`, "a")
	f.Fuzz(func(t *testing.T, expression, text string) {
		if len(expression) > 60 || len(text) > 60 {
			return
		}
		Compile(expression, true).Match(text)
	})
}
