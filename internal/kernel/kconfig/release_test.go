package kconfig

import (
	"strings"
	"testing"
)

func TestCheckRelease(t *testing.T) {
	for name, valid := range map[string]bool{
		"6.12.1": true, "6.12.1-ours+2~rc1_x": true, "6.12.1-ours@1,2=3": true, "6.12.1-münchen": true,
		strings.Repeat("x", 64): true, strings.Repeat("x", 65): false, strings.Repeat("ü", 33): false,
		"6.12.1-our kernel": false, "6.12.1-a/b": false, "6.12.1-$x": false, "6.12.1-a:b": false, "6.12.1-\"": false, "6.12.1\t": false, "6.12.1-100%": false,
	} {
		if err := CheckRelease(name); (err == nil) != valid {
			t.Errorf("%q: %v", name, err)
		}
	}
}
