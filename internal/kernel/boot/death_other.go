//go:build !linux

package boot

import "syscall"

// diesWithParent can promise nothing here: an emulator whose parent was killed goes on
// until its machine goes off.
func diesWithParent() *syscall.SysProcAttr { return nil }
