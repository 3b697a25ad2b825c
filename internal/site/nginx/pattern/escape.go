package pattern

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// control are the escapes of characters.
var control = map[byte]byte{'t': '\t', 'n': '\n', 'r': '\r', 'f': '\f', 'e': 0x1b, 'a': 0x07}

// escape translates an escape outside of a class.
func (t *translator) escape() error {
	if ch, ok := t.char(); ok {
		t.literal(ch)
		return nil
	}
	rest := t.rest()
	if len(rest) < 2 {
		return errUnsure
	}
	switch ch := rest[1]; {
	case strings.IndexByte("dDwWsSbBAzZ", ch) >= 0:
		t.out.WriteString(rest[:2])
		t.pos += 2
		return nil
	case ch >= '1' && ch <= '9' && (len(rest) == 2 || !isDigit(rest[2])):
		t.pos += 2
		return t.reference(int(ch - '0'))
	case ch == 'k':
		for opening, closing := range map[byte]string{'<': ">", '{': "}", '\'': "'"} {
			if len(rest) > 2 && rest[2] == opening {
				name, _, ok := strings.Cut(rest[3:], closing)
				t.pos += 3 + len(name) + len(closing)
				if !ok || !isName(name) {
					return errUnsure
				}
				return t.reference(slices.Index(t.names, name) + 1)
			}
		}
	}
	return errUnsure
}

// reference writes a reference to a group, which must have begun.
func (t *translator) reference(n int) error {
	if n < 1 || n > len(t.names) {
		return errUnsure
	}
	fmt.Fprintf(&t.out, `\k<%d>`, n)
	return nil
}

// char reads an escape that stands for a character.
func (t *translator) char() (byte, bool) {
	rest := t.rest()
	if len(rest) < 2 {
		return 0, false
	}
	ch := rest[1]
	if c, ok := control[ch]; ok {
		t.pos += 2
		return c, true
	}
	if ch == 'x' && len(rest) >= 4 {
		if n, err := strconv.ParseUint(rest[2:4], 16, 8); err == nil && rest[2] != '+' {
			t.pos += 4
			return byte(n), true
		}
	}
	if isWord(ch) && ch != '_' {
		return 0, false
	}
	t.pos += 2
	return ch, true
}

// posix are the named classes, as the engine writes them inside a class.
var posix = map[string]string{
	"alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z", "xdigit": "0-9a-fA-F",
	"word": "a-zA-Z0-9_", "blank": ` \t`, "space": `\t-\r `,
}

// class translates a class of characters.
func (t *translator) class() error {
	t.pos++
	t.out.WriteByte('[')
	if strings.HasPrefix(t.rest(), "^") {
		t.pos++
		t.out.WriteByte('^')
	}
	for first := true; ; first = false {
		rest := t.rest()
		switch {
		case rest == "":
			return errUnsure
		case rest[0] == ']' && !first:
			t.pos++
			t.out.WriteByte(']')
			return nil
		}
		if err := t.member(); err != nil {
			return err
		}
	}
}

// member translates a member of a class: a character, a range, or a named class.
func (t *translator) member() error {
	rest := t.rest()
	if strings.HasPrefix(rest, "[:") || strings.HasPrefix(rest, "[.") || strings.HasPrefix(rest, "[=") {
		name, _, ok := strings.Cut(rest[2:], ":]")
		set := posix[name]
		if !ok || set == "" || rest[1] != ':' {
			return errUnsure
		}
		t.pos += len(name) + 4
		t.out.WriteString(set)
		return t.noRange()
	}
	if len(rest) > 1 && rest[0] == '\\' && strings.IndexByte("dDwWsS", rest[1]) >= 0 {
		t.pos += 2
		t.out.WriteString(rest[:2])
		return t.noRange()
	}
	low, err := t.single()
	if err != nil {
		return err
	}
	t.literal(low)
	rest = t.rest()
	if len(rest) < 2 || rest[0] != '-' || rest[1] == ']' {
		return nil
	}
	t.pos++
	high, err := t.single()
	if err != nil || high < low {
		return errUnsure
	}
	t.out.WriteByte('-')
	t.literal(high)
	return nil
}

// noRange checks that no range begins with a class: versions of PCRE differ there.
func (t *translator) noRange() error {
	if rest := t.rest(); len(rest) > 1 && rest[0] == '-' && rest[1] != ']' {
		return errUnsure
	}
	return nil
}

// single reads one character of a class.
func (t *translator) single() (byte, error) {
	rest := t.rest()
	if rest == "" || strings.HasPrefix(rest, "[:") || strings.HasPrefix(rest, "[.") || strings.HasPrefix(rest, "[=") {
		return 0, errUnsure
	}
	if rest[0] != '\\' {
		t.pos++
		return rest[0], nil
	}
	ch, ok := t.char()
	if !ok {
		return 0, errUnsure
	}
	return ch, nil
}
