package spec

import "github.com/docker/go-units"

// Limits is how much of the engine's machine builds may use: the [build] table of
// kernels.toml. Sizes are written as "8GiB" or "500MB"; either unit is a power of 1024.
type Limits struct {
	Jobs   int    `toml:"jobs"`   // compilers that run at once, over all builds; 0: see JobsFor
	Memory string `toml:"memory"` // for each build; "" is no limit
	CCache string `toml:"ccache"` // for ccache on disk, for each architecture; "0" compiles without it
	Keep   string `toml:"keep"`   // for stored results; "0" keeps only the last of each kernel
	// Sources is for unpacked sources: the least recently used is removed first. "0" keeps only
	// those in use; "" is no limit.
	Sources string `toml:"sources"`
}

// defaultLimits returns the limits that apply where the file sets none.
func defaultLimits() Limits { return Limits{CCache: "5GiB", Keep: "5GiB", Sources: "20GiB"} }

// check reports every invalid value by its key.
func (l Limits) check(report func(key, format string, args ...any)) {
	if l.Jobs < 0 {
		report("build.jobs", "expected a number of jobs, or 0 for as many as the cores and the memory allow, got %d", l.Jobs)
	}
	for key, text := range map[string]string{"memory": l.Memory, "ccache": l.CCache, "keep": l.Keep, "sources": l.Sources} {
		n, err := parseSize(text)
		switch {
		case err != nil:
			report("build."+key, `expected a size, such as "8GiB", got %q`, text)
		case n > 0 && n < 1<<20:
			report("build."+key, `expected a size of at least 1MiB, such as "8GiB", got %q, which is %d bytes`, text, n)
		}
	}
	if n := l.MemoryBytes(); n >= 1<<20 && n < minMemory {
		report("build.memory", `expected at least 6MiB, or "" for no limit, got %q`, l.Memory)
	}
}

// minMemory is the smallest memory limit of a container that the engine accepts, in bytes.
const minMemory = 6 << 20

// parseSize returns the bytes of a size; "" is 0.
func parseSize(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	return units.RAMInBytes(text)
}

// bytesOf returns the bytes of a size that check has accepted.
func bytesOf(text string) int64 {
	n, _ := parseSize(text)
	return n
}

// MemoryBytes returns the memory that one build may use, in bytes; 0 is no limit.
func (l Limits) MemoryBytes() int64 { return bytesOf(l.Memory) }

// CCacheBytes returns the size of ccache's folder for one architecture, in bytes; 0 is no
// ccache.
func (l Limits) CCacheBytes() int64 { return bytesOf(l.CCache) }

// KeepBytes returns how much all stored results may take, in bytes.
func (l Limits) KeepBytes() int64 { return bytesOf(l.Keep) }

// SourceBytes returns how much all unpacked sources may take, in bytes; 0 is no limit.
func (l Limits) SourceBytes() int64 {
	if l.Sources == "" {
		return 0
	}
	return max(1, bytesOf(l.Sources))
}

// memoryPerJob is the memory that one job is assumed to need, in bytes. Measured on the micro
// kernel of 6.12: a compiler takes 178 MiB at most, the linker 86 MiB. This leaves room for
// larger ones.
const memoryPerJob = 512 << 20

// JobsFor returns how many compilers may run at once on a machine with that many cores and
// that much memory, in bytes: one for each core, if each has enough memory.
func (l Limits) JobsFor(cores int, memory int64) int {
	if l.Jobs > 0 {
		return l.Jobs
	}
	if own := l.MemoryBytes(); own > 0 {
		memory = min(memory, own)
	}
	return max(1, min(cores, int(memory/memoryPerJob)))
}
