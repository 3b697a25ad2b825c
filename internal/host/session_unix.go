//go:build unix

package host

import "syscall"

// newSession starts a process in a new session (setsid(2)).
func newSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
