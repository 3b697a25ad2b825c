//go:build !unix

package host

import "syscall"

// ownSession has nothing to do: no engine is started by this package here.
func ownSession() *syscall.SysProcAttr { return nil }
