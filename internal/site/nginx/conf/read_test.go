package conf

import (
	"strings"
	"testing"
	"testing/fstest"
)

// TestByteOrderMark is an error in every file: Nginx takes it for a part of the first word, so
// the first redirect of a list would never match.
func TestByteOrderMark(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{
		"main.conf":  {"main.conf": {Data: []byte("\ufeffpid /tmp/x;\n")}},
		"moved.conf": {"main.conf": {Data: []byte("map $uri $m { include moved.conf; }\n")}, "moved.conf": {Data: []byte("\ufeff/a /b;\n")}},
	} {
		_, _, errors := Read(files, "main.conf")
		if len(errors) != 1 || errors[0].File != "/"+name || errors[0].Line != 1 || !strings.Contains(errors[0].Text, "byte order mark") {
			t.Errorf("%s: %+v", name, errors)
		}
	}
	inside := fstest.MapFS{"main.conf": {Data: []byte("return 200 \"\ufeff\";\n")}}
	if _, _, errors := Read(inside, "main.conf"); len(errors) > 0 {
		t.Errorf("inside of a value: %+v", errors)
	}
}
