package source

import (
	"strings"
	"testing"
)

// TestSourceWithATokenIsRefused names sources as a file does. A token would stand in
// plans and manifests, and stands not in the error either.
func TestSourceWithATokenIsRefused(t *testing.T) {
	for from, good := range map[string]bool{
		"debian": true, "./linux": true, "linux-6.12.1.tar.xz": true, "git+https://host.example/linux.git#v6.12": true,
		"git+https://me:t0ken@host.example/linux.git": false, "git+https://t0ken@host.example/linux.git": false, "elsewhere": false,
	} {
		err := Check(from)
		if (err == nil) != good {
			t.Errorf("%s: %v", from, err)
		}
		if err != nil && strings.Contains(err.Error(), "t0ken") {
			t.Errorf("the error tells the token: %v", err)
		}
	}
}
