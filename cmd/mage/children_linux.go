package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// passOn sends SIGTERM to this process's children. It is SIGTERM whatever came
// in: a terminal's SIGINT has reached the children too, and for a magefile a
// second SIGINT means to drop everything at once, where SIGTERM may be repeated.
func passOn() {
	lists, _ := filepath.Glob("/proc/self/task/*/children") // proc_pid_task_children(5)
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		for _, field := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(field); err == nil {
				syscall.Kill(pid, syscall.SIGTERM)
			}
		}
	}
}
