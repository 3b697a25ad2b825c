package conf

import "fmt"

// tokens are the words of one directive and what ends them.
type tokens struct {
	words []string
	end   byte // ';', '{', '}', or 0 at the end of the file
	line  int  // of the first word
}

// lexer splits a file into tokens as Nginx's ngx_conf_read_token does.
type lexer struct {
	text string
	pos  int
	line int
}

// next returns the tokens of the next directive.
func (l *lexer) next() (t tokens, err error) {
	w := word{lexer: l}
	for l.pos < len(l.text) {
		ch := l.text[l.pos]
		l.pos++
		if ch == '\n' {
			l.line++
		}
		done, err := w.take(ch, &t)
		if done || err != nil {
			return t, err
		}
	}
	if len(t.words) > 0 || w.inside || w.closed {
		return t, fmt.Errorf(`unexpected end of file, expected ";" or "}"`)
	}
	return t, nil
}

// word is the state between two characters.
type word struct {
	*lexer
	start    int  // of the word
	quote    byte // that it began with
	inside   bool // in a word
	closed   bool // behind a closing quote, where only a space or the directive's end may follow
	escaped  bool // behind a backslash
	variable bool // behind a $, where { belongs to the word
	comment  bool
}

// take takes a character, and reports whether it ends the directive.
func (w *word) take(ch byte, t *tokens) (bool, error) {
	if w.comment && ch != '\n' {
		return false, nil
	}
	w.comment = false
	if w.escaped {
		w.escaped = false
		return false, nil
	}
	if w.closed {
		switch {
		case space(ch):
			w.closed = false
			return false, nil
		case ch == ';' || ch == '{':
			t.end = ch
			return true, nil
		case ch != ')':
			return false, fmt.Errorf("unexpected %q behind a closing quote", ch)
		}
		w.closed = false
	}
	if !w.inside {
		return w.begin(ch, t)
	}
	return w.continued(ch, t), nil
}

// begin takes a character between two words.
func (w *word) begin(ch byte, t *tokens) (bool, error) {
	switch ch {
	case ' ', '\t', '\r', '\n':
		return false, nil
	case '#':
		w.comment = true
		return false, nil
	case ';', '{', '}':
		if (ch == '}') == (len(t.words) > 0) {
			return false, unexpected(ch, t)
		}
		t.end = ch
		if ch == '}' {
			t.line = w.line
		}
		return true, nil
	}
	if len(t.words) == 0 {
		t.line = w.line
	}
	w.start, w.inside, w.quote = w.pos-1, true, 0
	switch ch {
	case '\\':
		w.escaped = true
	case '$':
		w.variable = true
	case '"', '\'':
		w.start, w.quote = w.pos, ch
	}
	return false, nil
}

// unexpected returns the error of a character that ends a directive too early.
func unexpected(ch byte, t *tokens) error {
	if ch == '}' {
		return fmt.Errorf(`unexpected "}": the directive %q on line %d has no ";"`, t.words[0], t.line)
	}
	return fmt.Errorf("unexpected %q", string(ch))
}

// continued takes a character behind the first of a word.
func (w *word) continued(ch byte, t *tokens) bool {
	if ch == '{' && w.variable {
		return false
	}
	w.variable = ch == '$'
	switch {
	case ch == '\\':
		w.escaped = true
		return false
	case ch == '$':
		return false
	case w.quote != 0:
		if ch != w.quote {
			return false
		}
		w.closed = true
	case !space(ch) && ch != ';' && ch != '{':
		return false
	}
	w.inside = false
	t.words = append(t.words, unescape(w.text[w.start:w.pos-1]))
	if !w.closed && (ch == ';' || ch == '{') {
		t.end = ch
		return true
	}
	return false
}

func space(ch byte) bool { return ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n' }

// unescape resolves the escapes of a word: quotes, the backslash, \t, \r and \n. Any other
// backslash stays.
func unescape(s string) string {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			out = append(out, s[i])
			continue
		}
		switch s[i+1] {
		case '"', '\'', '\\':
			out = append(out, s[i+1])
		case 't':
			out = append(out, '\t')
		case 'r':
			out = append(out, '\r')
		case 'n':
			out = append(out, '\n')
		default:
			out = append(out, s[i])
			continue
		}
		i++
	}
	return string(out)
}
