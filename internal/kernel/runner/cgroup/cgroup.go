// Package cgroup reads the counters of the control group that a build runs in. A machine has
// either version 2 or version 1 of control groups. Source of the files' names: the kernel's
// Documentation/admin-guide.
package cgroup

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Group is a control group, by the folder where a container sees its own.
type Group string

// Own is the group of the container that this program runs in.
const Own Group = "/sys/fs/cgroup"

// OOMKills returns how many processes of the group the kernel has killed for lack of memory, by
// the group's limit or the machine's.
func (g Group) OOMKills() (n int) {
	for line := range strings.Lines(g.read("memory.events", "memory/memory.oom_control")) {
		fmt.Sscanf(line, "oom_kill %d", &n)
	}
	return n
}

// CPUSeconds returns the processor time that the group has used, in seconds.
func (g Group) CPUSeconds() float64 {
	text := g.read("cpu.stat", "cpuacct/cpuacct.usage") // microseconds, nanoseconds
	var number float64
	if _, err := fmt.Sscanf(text, "usage_usec %g", &number); err == nil {
		return number / 1e6
	}
	fmt.Sscan(text, &number)
	return number / 1e9
}

// read returns the content of whichever of two files exists.
func (g Group) read(v2, v1 string) string {
	for _, name := range []string{v2, v1} {
		if text, err := os.ReadFile(filepath.Join(string(g), name)); err == nil {
			return string(text)
		}
	}
	return ""
}
