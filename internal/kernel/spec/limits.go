package spec

import (
	"fmt"

	"github.com/docker/go-units"
)

// Limits is how much of the engine's machine builds may take: the [build] table of
// kernels.toml. Sizes are written as "8GiB" or "500MB".
type Limits struct {
	Jobs   int    `toml:"jobs"`   // compilers that run at once, over all builds; 0: see jobs
	Memory string `toml:"memory"` // of each build; "" is no limit
	CCache string `toml:"ccache"` // of ccache on disk, for each architecture; "0" compiles without it
	Keep   string `toml:"keep"`   // of results that are kept; "0" keeps only the last of each kernel
}

// defaultLimits is what holds where the file is silent.
func defaultLimits() Limits { return Limits{CCache: "5GiB", Keep: "5GiB"} }

// check reports every value that cannot be.
func (l Limits) check(report func(key, format string, args ...any)) {
	if l.Jobs < 0 {
		report("build.jobs", "expected a number of jobs, or 0 for as many as there are cores and memory for, got %d", l.Jobs)
	}
	for key, text := range map[string]string{"memory": l.Memory, "ccache": l.CCache, "keep": l.Keep} {
		if _, err := size(text); err != nil {
			report("build."+key, `expected a size as "8GiB", got %q`, text)
		}
	}
}

// size reads a number of bytes; "" is 0.
func size(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := units.RAMInBytes(text)
	if err == nil && n < 0 {
		err = fmt.Errorf("%s is less than nothing", text)
	}
	return n, err
}

// bytes returns a size that Check has accepted.
func bytes(text string) int64 {
	n, _ := size(text)
	return n
}

// MemoryBytes returns the memory that one build may use; 0 is no limit.
func (l Limits) MemoryBytes() int64 { return bytes(l.Memory) }

// CCacheBytes returns the size of ccache's folder for one architecture; 0 is no ccache.
func (l Limits) CCacheBytes() int64 { return bytes(l.CCache) }

// KeepBytes returns how much earlier results may take.
func (l Limits) KeepBytes() int64 { return bytes(l.Keep) }

// Measured on the micro kernel of 6.12: a compiler takes 178 MiB at most, the linker
// 86 MiB. This leaves room for larger ones.
const memoryPerJob = 512 << 20

// JobsFor returns how many compilers may run at once on a machine with so many cores and
// so much memory (bytes): one for each core, if each has enough memory.
func (l Limits) JobsFor(cores int, memory int64) int {
	if l.Jobs > 0 {
		return l.Jobs
	}
	if own := l.MemoryBytes(); own > 0 {
		memory = min(memory, own)
	}
	return max(1, min(cores, int(memory/memoryPerJob)))
}
