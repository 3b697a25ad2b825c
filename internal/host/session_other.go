//go:build !unix

package host

import "syscall"

// newSession does nothing: this package starts no engine on this system.
func newSession() *syscall.SysProcAttr { return nil }
