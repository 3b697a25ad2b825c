package fetch

import (
	"testing"
)

func TestDebianStanzas(t *testing.T) {
	got := parseStanzas(`Package: linux-source-6.12
Version: 6.12.117-1~deb13u1
SHA256: abc

Package: linux-source
Version: 6.12.117-1
SHA256: def

Package: linux-source-6.18
Version: 6.18-1
SHA256: 123
`)
	if len(got) != 2 || got[0].Version.String() != "6.12.117" || got[0].SHA256 != "abc" || got[1].Version.String() != "6.18" {
		t.Errorf("got %+v", got)
	}
}
