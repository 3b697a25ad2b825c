package executor

import (
	"context"
	"fmt"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
)

// What the kernel of the engine's machine counts of a build's container. Source: its
// Documentation/admin-guide, cgroup-v2 (memory.events, cpu.stat) and cgroup-v1 (memory.oom_control,
// cpuacct.usage); a machine has one or the other.

// oomKills counts the container's processes that were ended for want of memory, by its
// own limit or the machine's.
func (r *run) oomKills(ctx context.Context) (n int) {
	for line := range strings.Lines(r.readCounters(ctx, "memory.events", "memory/memory.oom_control")) {
		fmt.Sscanf(line, "oom_kill %d", &n)
	}
	return n
}

// cpuSeconds gives the processor time that the container has taken, in seconds.
func (r *run) cpuSeconds(ctx context.Context) float64 {
	text := r.readCounters(ctx, "cpu.stat", "cpuacct/cpuacct.usage")
	var number float64
	if _, err := fmt.Sscanf(text, "usage_usec %g", &number); err == nil {
		return number / 1e6
	}
	fmt.Sscan(text, &number)
	return number / 1e9
}

// readCounters reads the one of two files that is there.
func (r *run) readCounters(ctx context.Context, v2, v1 string) string {
	out, _ := r.ctr.Output(ctx, engine.Command{Argv: []string{"cat", "/sys/fs/cgroup/" + v2, "/sys/fs/cgroup/" + v1}})
	return out
}
