package pattern

import (
	"errors"
	"fmt"
	"strings"
)

// errUnsure is the error of a construct in which the engine may differ from PCRE.
var errUnsure = errors.New("the model does not know this construct of PCRE")

// translator writes an expression of PCRE in the syntax of the engine.
type translator struct {
	in    string
	pos   int
	out   strings.Builder
	names []string // by number of the group less one; "" for one without
	depth int
}

// raised is where bytes above ASCII are: PCRE matches bytes, and takes those for no letters.
// The engine matches runes, so they become runes that are no letters either.
const raised = 0xE000

// rune returns the rune that stands for a byte.
func toRune(b byte) rune {
	if b < 0x80 {
		return rune(b)
	}
	return raised + rune(b)
}

// literal writes a byte that means itself.
func (t *translator) literal(b byte) {
	if isWord(b) && b != '_' {
		t.out.WriteByte(b)
		return
	}
	fmt.Fprintf(&t.out, `\u%04X`, toRune(b))
}

func isWord(b byte) bool {
	return b == '_' || isDigit(b) || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// rest returns what has not been read.
func (t *translator) rest() string { return t.in[t.pos:] }

// run translates the whole expression.
func (t *translator) run() error {
	for t.pos < len(t.in) {
		if err := t.atom(); err != nil {
			return err
		}
	}
	if t.depth != 0 {
		return errUnsure
	}
	return nil
}

// atom translates the next part of an expression.
func (t *translator) atom() error {
	ch := t.in[t.pos]
	switch ch {
	case '\\':
		return t.escape()
	case '[':
		return t.class()
	case '(':
		return t.group()
	case ')':
		if t.depth--; t.depth < 0 {
			return errUnsure
		}
	case '*', '+', '?':
		return t.quantifier(t.in[t.pos : t.pos+1])
	case '{':
		return t.brace()
	case '^', '$', '.', '|':
	default:
		t.pos++
		t.literal(ch)
		return nil
	}
	t.pos++
	t.out.WriteByte(ch)
	return nil
}

// quantifier writes a quantifier. A possessive one is not known, nor one of a quantifier.
func (t *translator) quantifier(text string) error {
	t.pos += len(text)
	t.out.WriteString(text)
	if strings.HasPrefix(t.rest(), "?") {
		t.pos++
		t.out.WriteByte('?')
	}
	if next := t.rest(); next != "" && strings.ContainsRune("*+?", rune(next[0])) || repeat(next) != "" {
		return errUnsure
	}
	return nil
}

// brace translates a { that begins a quantifier, or means itself.
func (t *translator) brace() error {
	if text := repeat(t.rest()); text != "" {
		return t.quantifier(text)
	}
	next := strings.TrimLeft(t.rest()[1:], " \t")
	if next != "" && (isDigit(next[0]) || next[0] == ',') { // depends on PCRE's version
		return errUnsure
	}
	t.pos++
	t.literal('{')
	return nil
}

// repeat returns the quantifier {n}, {n,} or {n,m} at the beginning of a text; else "".
func repeat(s string) string {
	body, _, ok := strings.Cut(s, "}")
	if !ok || !strings.HasPrefix(body, "{") {
		return ""
	}
	low, high, _ := strings.Cut(body[1:], ",")
	if low == "" || len(low) > 4 || len(high) > 4 || strings.Trim(low+high, "0123456789") != "" {
		return ""
	}
	return body + "}"
}

// group translates what follows a (.
func (t *translator) group() error {
	if strings.HasPrefix(t.rest(), "(*") {
		return errUnsure
	}
	t.depth++
	if !strings.HasPrefix(t.rest(), "(?") {
		t.pos++
		return t.capture("")
	}
	for _, same := range []string{"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i)", "(?i:", "(?s)", "(?s:", "(?-i)", "(?-i:"} {
		if strings.HasPrefix(t.rest(), same) {
			if strings.HasSuffix(same, ")") {
				t.depth--
			}
			t.pos += len(same)
			t.out.WriteString(same)
			return nil
		}
	}
	for opening, closing := range map[string]string{"(?<": ">", "(?P<": ">", "(?'": "'"} {
		name, _, ok := strings.Cut(strings.TrimPrefix(t.rest(), opening), closing)
		if strings.HasPrefix(t.rest(), opening) && ok && isName(name) {
			t.pos += len(opening) + len(name) + len(closing)
			return t.capture(name)
		}
	}
	return errUnsure
}

// capture begins a group that captures. All get their number, because the engine would
// number those with a name last.
func (t *translator) capture(name string) error {
	for _, other := range t.names {
		if other == name && name != "" {
			return errUnsure
		}
	}
	t.names = append(t.names, name)
	fmt.Fprintf(&t.out, "(?<%d>", len(t.names))
	return nil
}

func isName(s string) bool {
	if s == "" || isDigit(s[0]) {
		return false
	}
	for i := range len(s) {
		if !isWord(s[i]) {
			return false
		}
	}
	return true
}
