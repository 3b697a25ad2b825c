package source

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Check reports, as an error, a source that no kernel can come from. It looks only at the
// spelling: nothing is opened or asked. A git URL must not hold a user name or token.
func Check(from string) error {
	if address, ok := strings.CutPrefix(from, "git+"); ok {
		return checkURL(address)
	}
	if from == KernelOrg || from == Debian || isPath(from) {
		return nil
	}
	return fmt.Errorf(`source %q: expected "kernel.org", "debian", "git+https://...", a folder ("./linux") or a tarball ("./linux.tar.xz")`, from)
}

func checkURL(address string) error {
	u, err := url.Parse(address)
	if err != nil { // the error and the address may hold a token
		return errors.New("source git+...: expected a URL")
	}
	if u.User == nil {
		return nil
	}
	u.User = nil
	return fmt.Errorf("source git+%s: expected a URL without user name or token: it is published in plans and manifests; clone a private repository yourself and use its folder", u)
}

// isPath reports whether from is a path on this machine.
func isPath(from string) bool {
	return strings.Contains(from, "/") && !strings.Contains(from, "://") || strings.Contains(from, ".tar")
}
