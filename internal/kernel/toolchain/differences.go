package toolchain

import (
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
	return differences(versions(here), versions(pinned))
}

func programDifferences(here, pinned plan.Toolchain) []string {
	return differences(sums(here), sums(pinned))
}

// differences names the keys whose values differ, in their order.
func differences(here, pinned map[string]string) (list []string) {
	all := maps.Clone(here)
	maps.Copy(all, pinned)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		a, b := here[name], pinned[name]
		switch {
		case a == b:
		case a == "":
			list = append(list, fmt.Sprintf("%s: not here, %s pinned", name, b))
		case b == "":
			list = append(list, fmt.Sprintf("%s: %s here, not pinned", name, a))
		default:
			list = append(list, fmt.Sprintf("%s: %s here, %s pinned", name, a, b))
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
