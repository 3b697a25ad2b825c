package conf

import (
	"strings"
	"testing"
	"testing/fstest"
)

// TestNUL has bytes that no text has: an error with file and line, except in a comment, which
// Nginx does not read.
func TestNUL(t *testing.T) {
	const main = "user x;\ninclude types;\n"
	for name, c := range map[string]struct {
		main, included string
		file           string
		line           int
		text           string
	}{
		"in a name":     {"user x;\nroo\x00t /srv;\n", "", "/etc/nginx.conf", 2, `"roo\x00t" has a NUL byte`},
		"in a value":    {"user x;\nroot\n/s\x00rv;\n", "", "/etc/nginx.conf", 2, `"/s\x00rv" has a NUL byte`},
		"included":      {main, "types {\n  text/html html;\n  text/cs\x00s css;\n}", "/etc/types", 3, `"text/cs\x00s" has a NUL byte`},
		"UTF-16":        {"\xff\xfeu\x00s\x00e\x00r\x00", "", "/etc/nginx.conf", 1, "UTF-16"},
		"UTF-16, plain": {main, "u\x00s\x00e\x00r\x00;\x00", "/etc/types", 1, "UTF-16"},
		"nothing else":  {main, "\x00\x00\x00\x00", "/etc/types", 1, "no text at all"},
		"in a comment":  {"user x; # \x00\n", "", "", 0, ""},
		"one letter":    {main, "x", "/etc/types", 1, "unexpected end of file"},
	} {
		_, _, errors := Read(fstest.MapFS{"etc/nginx.conf": {Data: []byte(c.main)}, "etc/types": {Data: []byte(c.included)}}, "etc/nginx.conf")
		if c.text == "" && len(errors) == 0 {
			continue
		}
		if len(errors) != 1 || errors[0].File != c.file || errors[0].Line != c.line || !strings.Contains(errors[0].Text, c.text) {
			t.Errorf("%s: got %+v", name, errors)
		}
	}
}
