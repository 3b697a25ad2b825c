//go:build unix

package interrupt

import (
	"golang.org/x/sys/unix"
)

// unread reports whether standard output or standard error is a pipe whose reader has
// ended, as after | head.
func unread() bool {
	streams := []unix.PollFd{{Fd: 1}, {Fd: 2}}
	if _, err := unix.Poll(streams, 0); err != nil {
		return false
	}
	return (streams[0].Revents|streams[1].Revents)&(unix.POLLERR|unix.POLLHUP) != 0
}
