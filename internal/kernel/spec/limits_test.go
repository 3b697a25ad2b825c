package spec

import (
	"slices"
	"testing"
)

func TestJobsFor(t *testing.T) {
	const gib = 1 << 30
	for _, tc := range []struct {
		limits Limits
		cores  int
		memory int64
		jobs   int
	}{
		{Limits{}, 8, 32 * gib, 8},
		{Limits{}, 8, 2 * gib, 4},
		{Limits{}, 2, gib / 4, 1},
		{Limits{Memory: "1GiB"}, 8, 32 * gib, 2},
		{Limits{Jobs: 3}, 8, gib / 4, 3},
	} {
		if got := tc.limits.JobsFor(tc.cores, tc.memory); got != tc.jobs {
			t.Errorf("%+v, %d cores, %d bytes: %d jobs, want %d", tc.limits, tc.cores, tc.memory, got, tc.jobs)
		}
	}
}

func TestInvalidLimits(t *testing.T) {
	var faults []string
	Limits{Jobs: -1, Memory: "much", CCache: "5GiB", Keep: "-1"}.check(func(key, format string, args ...any) {
		faults = append(faults, key)
	})
	slices.Sort(faults)
	if !slices.Equal(faults, []string{"build.jobs", "build.keep", "build.memory"}) {
		t.Errorf("faults %v", faults)
	}
	faults = nil
	Limits{Sources: "20", Keep: "0", CCache: "512KiB"}.check(func(key, format string, args ...any) { faults = append(faults, key) })
	slices.Sort(faults)
	if !slices.Equal(faults, []string{"build.ccache", "build.sources"}) {
		t.Errorf("sizes of a few bytes: faults %v", faults)
	}
	for memory, valid := range map[string]bool{"": true, "0": true, "6MiB": true, "5MiB": false, "512": false} {
		faults = nil
		Limits{Memory: memory}.check(func(key, format string, args ...any) { faults = append(faults, key) })
		if (faults == nil) != valid {
			t.Errorf("memory %q: faults %v", memory, faults)
		}
	}
}
