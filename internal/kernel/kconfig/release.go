package kconfig

import (
	"fmt"
	"strings"
)

// maxRelease is how many bytes uname(2) has for a kernel's release.
const maxRelease = 64

// CheckRelease reports, as an error, a release (what uname -r prints) that the kernel's build
// refuses or fails on, after minutes: too long, or with characters that make, the shell or a
// file name do not admit.
func CheckRelease(name string) error {
	if n := len(name); n > maxRelease {
		return fmt.Errorf("release %q has %d characters: at most %d fit", name, n, maxRelease)
	}
	if i := strings.IndexFunc(name, func(r rune) bool {
		return r <= ' ' || r == 0x7f || strings.ContainsRune("/\\\"'`$:;&|<>()*?[]{}#%!", r)
	}); i >= 0 {
		return fmt.Errorf("release %q has the character %q, which names no folder of modules that make(1) can handle", name, []rune(name[i:])[0])
	}
	return nil
}
