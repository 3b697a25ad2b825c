package boot

import "syscall"

// diesWithParent makes the kernel kill a child when its parent ends in any way.
func diesWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
