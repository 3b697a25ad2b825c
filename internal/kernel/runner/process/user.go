//go:build linux

package process

import (
	"fmt"
	"os"
	"syscall"
)

// User returns the credential of a user, as UID:GID, for programs that root starts, or nil where
// this program is not root's: it can start them as itself alone.
func User(name string) (*syscall.Credential, error) {
	var c syscall.Credential
	if n, err := fmt.Sscanf(name, "%d:%d", &c.Uid, &c.Gid); n != 2 {
		return nil, fmt.Errorf("user %q: expected UID:GID: %w", name, err)
	}
	if os.Geteuid() != 0 {
		return nil, nil
	}
	return &c, nil
}
