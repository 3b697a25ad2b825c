package conf

import (
	"testing"
	"testing/fstest"
)

func FuzzRead(f *testing.F) {
	f.Add("a b { c \"d\\\"e\" 'f' ${g}; } # h\ni j;")
	f.Add("include *.conf; include main.conf; a\\ b {\n}\n")
	f.Add("location ~ (a|b){2} { return 200 \"{}\"; }")
	f.Fuzz(func(t *testing.T, text string) {
		Read(fstest.MapFS{"main.conf": {Data: []byte(text)}}, "main.conf")
	})
}
