package executor

import (
	"context"
	"fmt"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// oomKills returns how many of the container's processes the kernel has killed for lack of
// memory, by the container's limit or the machine's. Source of the file names: the
// kernel's Documentation/admin-guide, cgroup-v2 (memory.events) and cgroup-v1
// (memory.oom_control).
func (r *run) oomKills(ctx context.Context) (n int) {
	for line := range strings.Lines(r.readCounters(ctx, "memory.events", "memory/memory.oom_control")) {
		fmt.Sscanf(line, "oom_kill %d", &n)
	}
	return n
}

// cpuSeconds returns the processor time that the container has used, in seconds. Source:
// the same, cgroup-v2 (cpu.stat, microseconds) and cgroup-v1 (cpuacct.usage, nanoseconds).
func (r *run) cpuSeconds(ctx context.Context) float64 {
	text := r.readCounters(ctx, "cpu.stat", "cpuacct/cpuacct.usage")
	var number float64
	if _, err := fmt.Sscanf(text, "usage_usec %g", &number); err == nil {
		return number / 1e6
	}
	fmt.Sscan(text, &number)
	return number / 1e9
}

// readCounters returns the content of whichever of two cgroup files exists: a machine has
// either cgroup v2 or v1.
func (r *run) readCounters(ctx context.Context, v2, v1 string) string {
	out, _ := r.ctr.Output(ctx, engine.Command{Argv: []string{"cat", "/sys/fs/cgroup/" + v2, "/sys/fs/cgroup/" + v1}})
	return out
}

// diskFullBelow is the free space, in bytes, below which a disk counts as full: less than
// a failed step may have freed by removing its files.
const diskFullBelow = 256 << 10

// diskFull reports whether the disk of the output tree is full.
func (r *run) diskFull(ctx context.Context) bool {
	out, err := r.ctr.Output(ctx, engine.Command{Argv: []string{"stat", "--file-system", "--format=%a %S", plan.OutputDir}})
	var blocks, size int64
	if n, _ := fmt.Sscan(out, &blocks, &size); err != nil || n != 2 {
		return false
	}
	return blocks*size < diskFullBelow
}
