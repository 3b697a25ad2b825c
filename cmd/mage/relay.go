package main

import (
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// relay passes signals on to the processes that Mage starts: go and the magefile.
type relay struct {
	first atomic.Int32 // the first signal that came, 0 for none
}

// run passes on each signal, to each child once: also to a child that starts later,
// since a signal may come between go build and the magefile.
func (r *relay) run(signals <-chan os.Signal) {
	var late <-chan time.Time
	passed := map[int]bool{}
	for {
		select {
		case s := <-signals:
			r.first.CompareAndSwap(0, int32(endedBy(s)))
			late = time.Tick(50 * time.Millisecond)
			clear(passed)
		case <-late:
		}
		passOn(passed)
	}
}

// endedBy returns the signal that counts: SIGTERM for SIGHUP and SIGQUIT.
func endedBy(s os.Signal) syscall.Signal {
	if s == syscall.SIGINT {
		return syscall.SIGINT
	}
	return syscall.SIGTERM
}

// passOn sends SIGTERM to the children that have not got it yet. It is SIGTERM for a
// SIGINT too: a terminal's SIGINT has reached the children already, and a magefile
// exits at once on a second SIGINT, where SIGTERM may be repeated.
func passOn(passed map[int]bool) {
	for _, pid := range children() {
		if p, err := os.FindProcess(pid); err == nil && !passed[pid] {
			passed[pid] = true
			p.Signal(syscall.SIGTERM)
		}
	}
}

// exitCode returns the exit code for the one that Mage returned: that of the first
// signal, 128 and its number, unless the run was good in spite of it.
func (r *relay) exitCode(code int) int {
	if s := r.first.Load(); s != 0 && code != 0 {
		return 128 + int(s)
	}
	return code
}
