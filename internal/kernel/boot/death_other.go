//go:build !linux

package boot

import "syscall"

// diesWithParent has no effect on this system: an emulator whose parent was killed runs until
// its machine powers off.
func diesWithParent() *syscall.SysProcAttr { return nil }
