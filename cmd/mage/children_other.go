//go:build !linux

package main

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// children returns the process ids of this process's children, from pgrep(1).
func children() (pids []int) {
	out, _ := exec.Command("pgrep", "-P", strconv.Itoa(os.Getpid())).Output()
	for _, field := range strings.Fields(string(out)) {
		if pid, err := strconv.Atoi(field); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
