package toolchain

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// Differences names the packages and programs of a toolchain here that differ from those of a
// pinned one, as "gcc-14: 14.2.0-19 here, 14.2.0-20 pinned".
func Differences(here, pinned plan.Toolchain) []string {
	return append(packageDifferences(here, pinned), programDifferences(here, pinned)...)
}

func packageDifferences(here, pinned plan.Toolchain) []string {
	return differences(versions(here), versions(pinned), againstPin)
}

func programDifferences(here, pinned plan.Toolchain) []string {
	return differences(sums(here), sums(pinned), againstPin)
}

// Changes names what changes from an older toolchain to a newer one, as
// "gcc-14: 14.2.0-19 -> 14.2.0-20".
func Changes(before, now plan.Toolchain) []string {
	return append(differences(versions(before), versions(now), change), differences(sums(before), sums(now), change)...)
}

// againstPin describes a value here, or "", that differs from a pinned one.
func againstPin(here, pinned string) string {
	switch {
	case here == "":
		return "not here, " + pinned + " pinned"
	case pinned == "":
		return here + " here, not pinned"
	}
	return here + " here, " + pinned + " pinned"
}

// change describes a value, or "", that became a different one.
func change(before, now string) string { return cmp.Or(before, "none") + " -> " + cmp.Or(now, "none") }

// differences names and describes the keys whose values differ, in their order.
func differences(a, b map[string]string, describe func(a, b string) string) (list []string) {
	all := maps.Clone(a)
	maps.Copy(all, b)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if a[name] != b[name] {
			list = append(list, name+": "+describe(a[name], b[name]))
		}
	}
	return list
}

// versions returns the versions of a toolchain's packages by name.
func versions(t plan.Toolchain) map[string]string {
	found := map[string]string{}
	for _, line := range t.Packages {
		name, version, _ := strings.Cut(line, "=")
		found[name] = version
	}
	return found
}

// sums returns the first digits of the sha256 of a toolchain's programs by path.
func sums(t plan.Toolchain) map[string]string {
	found := map[string]string{}
	for _, p := range t.Programs {
		found[p.Path] = fmt.Sprintf("%.12s", p.SHA256)
	}
	return found
}
