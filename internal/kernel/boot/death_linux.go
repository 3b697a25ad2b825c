package boot

import "syscall"

// diesWithParent has the kernel kill a child whose parent is gone, however it went.
func diesWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
