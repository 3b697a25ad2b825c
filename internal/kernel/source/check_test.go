package source

import (
	"strings"
	"testing"
)

// TestSourceWithATokenIsRefused also checks that the error does not contain the token.
func TestSourceWithATokenIsRefused(t *testing.T) {
	for from, good := range map[string]bool{
		"debian": true, "./linux": true, "linux-6.12.1.tar.xz": true, "git+https://host.example/linux.git#v6.12": true,
		"git+https://me:t0ken@host.example/linux.git": false, "git+https://t0ken@host.example/linux.git": false,
		"git+https://me:t0ken%zz@host.example/linux.git": false, "unknown": false,
	} {
		err := Check(from)
		if (err == nil) != good {
			t.Errorf("%s: %v", from, err)
		}
		if err != nil && strings.Contains(err.Error(), "t0ken") {
			t.Errorf("the error contains the token: %v", err)
		}
	}
}
