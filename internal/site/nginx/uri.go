package nginx

import (
	"strings"
)

// target is the path and query of a request, as Nginx reads them.
type target struct {
	uri       string // decoded and without dot segments
	args      string
	extension string // of the path's last part, without the dot
	escaped   bool   // the path has a % or +, which decides how groups are escaped
}

// readTarget decodes the target of a request. It reports false for one that is answered with
// 400.
func readTarget(text string, mergeSlashes bool) (t target, ok bool) {
	for i := range len(text) {
		if text[i] < 0x20 || text[i] == 0x7f {
			return t, false
		}
	}
	path, _, _ := strings.Cut(text, "#")
	path, t.args, _ = strings.Cut(path, "?")
	d := &decoder{merge: mergeSlashes, dot: -1}
	if !d.run(path) {
		return t, false
	}
	t.uri, t.escaped = string(d.out), d.escaped
	if d.dot >= 0 {
		t.extension = string(d.out[d.dot+1:])
	}
	return t, true
}

// decoder decodes a path as ngx_http_parse_complex_uri does.
type decoder struct {
	out     []byte
	merge   bool
	escaped bool
	dot     int   // of the extension; -1 for none
	state   state // what the last characters were
}

type state int

const (
	usual state = iota
	slash
	dot
	dots
)

// run decodes a path.
func (d *decoder) run(path string) bool {
	for i := 0; i < len(path); i++ {
		ch, raw := path[i], false
		if ch == '%' {
			d.escaped = true
			value, ok := hex(path[i+1:])
			if !ok || value == 0 {
				return false
			}
			i, ch = i+2, value
			raw = ch == '%' || ch == '#' || ch == '?'
		}
		if raw {
			d.out, d.state = append(d.out, ch), usual
		} else if !d.take(ch) {
			return false
		}
	}
	return d.end()
}

// hex decodes two digits.
func hex(s string) (byte, bool) {
	if len(s) < 2 {
		return 0, false
	}
	value := byte(0)
	for _, ch := range []byte(s[:2]) {
		switch {
		case ch >= '0' && ch <= '9':
			value = value<<4 + ch - '0'
		case ch|0x20 >= 'a' && ch|0x20 <= 'f':
			value = value<<4 + ((ch | 0x20) - 'a' + 10)
		default:
			return 0, false
		}
	}
	return value, true
}

// take takes a character of the path.
func (d *decoder) take(ch byte) bool {
	d.escaped = d.escaped || ch == '+'
	switch {
	case ch == '/' && d.state == slash:
		if !d.merge {
			d.out = append(d.out, ch)
		}
	case ch == '/' && d.state == dot:
		d.out, d.state = d.out[:len(d.out)-1], slash
	case ch == '/' && d.state == dots:
		d.state = slash
		return d.up()
	case ch == '/':
		d.out, d.state, d.dot = append(d.out, ch), slash, -1
	case ch == '.' && d.state == slash:
		d.out, d.state = append(d.out, ch), dot
	case ch == '.' && d.state == dot:
		d.out, d.state = append(d.out, ch), dots
	default:
		if ch == '.' && d.state == usual {
			d.dot = len(d.out)
		}
		d.out, d.state = append(d.out, ch), usual
	}
	return true
}

// up removes a dot segment and the segment before it.
func (d *decoder) up() bool {
	i := strings.LastIndexByte(string(d.out[:max(0, len(d.out)-3)]), '/')
	if i < 0 {
		return false
	}
	d.out, d.dot = d.out[:i+1], -1
	return true
}

// end removes a dot segment at the end.
func (d *decoder) end() bool {
	switch d.state {
	case dot:
		d.out = d.out[:len(d.out)-1]
	case dots:
		return d.up()
	}
	return true
}
