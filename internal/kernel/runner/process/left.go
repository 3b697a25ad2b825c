//go:build linux

package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

// prSetChildSubreaper is PR_SET_CHILD_SUBREAPER of prctl(2).
const prSetChildSubreaper = 36

// AdoptOrphans makes this process the parent of what its commands leave running, for KillLeft.
func AdoptOrphans() {
	syscall.RawSyscall(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0) // where it fails, they have a different parent
}

// killTimeout is how long processes may take to end after SIGKILL: the kernel may wait for a disk.
const killTimeout = 30 * time.Second

// KillLeft kills what commands have left running, and returns when nothing of it is left. It is
// called while no command runs. As the first process of a container it kills everything else in
// there at once; otherwise what descends from this process, which a process that keeps forking can
// outrun for a while.
func KillLeft() error {
	kill := killDescendants
	if os.Getpid() == 1 {
		kill = killAll
	}
	for end := time.Now().Add(killTimeout); ; time.Sleep(time.Millisecond) {
		if kill() {
			return nil
		}
		if time.Now().After(end) {
			return errors.New("kill what the build left running: it does not end")
		}
	}
}

// killAll kills every other process in the container, and reports whether there was none.
func killAll() bool {
	err := syscall.Kill(-1, syscall.SIGKILL)
	for {
		if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 && err != syscall.EINTR {
			break
		}
	}
	return err == syscall.ESRCH
}

// killDescendants kills what descends from this process, and reports whether there was nothing.
func killDescendants() bool {
	left := descendants(os.Getpid())
	for _, pid := range left {
		syscall.Kill(pid, syscall.SIGKILL)
		syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
	}
	return len(left) == 0
}

// descendants returns the processes that descend from one.
func descendants(of int) (list []int) {
	children := map[int][]int{}
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if parent, ok := parentOf(pid); ok {
			children[parent] = append(children[parent], pid)
		}
	}
	for next := children[of]; len(next) > 0; {
		list = append(list, next[0])
		next = append(next[1:], children[next[0]]...)
	}
	return list
}

// parentOf returns the parent of a process: the second field after its name in parentheses, see
// proc(5).
func parentOf(pid int) (parent int, ok bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false
	}
	var state string
	n, _ := fmt.Sscan(string(text[bytes.LastIndexByte(text, ')')+1:]), &state, &parent)
	return parent, n == 2
}
