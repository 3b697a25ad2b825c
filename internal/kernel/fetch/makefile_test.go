package fetch

import (
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

func TestMakefileVersion(t *testing.T) {
	for text, version := range map[string]string{
		"VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 117\nEXTRAVERSION =\n":    "6.12.117",
		"VERSION = 7\nPATCHLEVEL = 1\nSUBLEVEL = 0\nEXTRAVERSION =\n":       "7.1",
		"VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 0\nEXTRAVERSION = -rc10\n": "7.3-rc10",
	} {
		if v, err := makefileVersion(text); err != nil || v.String() != version {
			t.Errorf("%q: %v, %v", text, v, err)
		}
	}
	if _, err := makefileVersion("all:\n\techo not a kernel\n"); fault.Code(err) != int(fault.Failed) {
		t.Errorf("a different Makefile: %v", err)
	}
}
