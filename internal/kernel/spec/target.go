package spec

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// targetPattern is what the name of a target matches: some of powerpc are in folders.
var targetPattern = regexp.MustCompile(`^(?:[a-z0-9]+/)?[a-z0-9][a-z0-9_.-]*config$`)

// knownTargets returns the targets that every kernel has and that make a configuration.
func knownTargets() []string {
	return []string{
		"defconfig", "tinyconfig", "allnoconfig", "allyesconfig", "allmodconfig", "alldefconfig", "olddefconfig",
		"yes2modconfig", "mod2yesconfig", "mod2noconfig", "randconfig",
	}
}

// useless returns why a target of the kernel's cannot be part of a configuration: it asks at a
// terminal, reads the machine that builds, or makes none. "" is for any other target.
func useless(target string) string {
	const (
		asks  = `it asks at a terminal; go tool mage kernel:menuconfig edits a configuration`
		reads = `it reads which modules this machine uses; build with a file of options instead`
		none  = `it makes no configuration`
	)
	why := map[string]string{
		"config": asks, "menuconfig": asks, "nconfig": asks, "xconfig": asks, "gconfig": asks, "qconfig": asks, "build_menuconfig": none,
		"build_nconfig": none, "build_xconfig": none, "build_gconfig": none, "oldaskconfig": asks,
		"oldconfig": `it asks at a terminal about new options; "olddefconfig" takes their defaults`, "silentoldconfig": asks, "syncconfig": asks,
		"localmodconfig": reads, "localyesconfig": reads, "kunitconfig": none,
		"listnewconfig": none, "helpnewconfig": none, "savedefconfig": none, "testconfig": none, "update-po-config": none, "clang-tidy-config": none,
	}
	return why[target]
}

// randomSuffix ends the names of the targets that draw at random, as rv64_randconfig.
const randomSuffix = "randconfig"

// readTarget reads an entry of config that may be a target: "tinyconfig", "randconfig:42". ok
// is false for one that is not.
func readTarget(entry string) (item plan.Item, ok bool, err error) {
	name, seed, seeded := strings.Cut(entry, ":")
	if !targetPattern.MatchString(name) || seeded && !strings.HasSuffix(name, "config") {
		return item, false, nil
	}
	if strings.Contains(name, "/") && !strings.HasSuffix(name, "_defconfig") {
		return item, false, nil // a file
	}
	if why := useless(name); why != "" {
		return item, true, fmt.Errorf("config: %q: %s", entry, why)
	}
	if !strings.HasSuffix(name, randomSuffix) {
		if seeded {
			return item, true, fmt.Errorf("config: %q: only randconfig has a seed", entry)
		}
		return plan.Item{Target: name}, true, nil
	}
	if _, err := strconv.ParseUint(seed, 0, 31); err != nil {
		return item, true, fmt.Errorf(`config: %q draws at random; expected a seed, a whole number, which becomes part of the plan: "%s:42"`, entry, name)
	}
	return plan.Item{Target: name, Seed: seed}, true, nil
}

// CheckTarget returns an error if an item of a plan is a target, and none that kernels.toml could
// name.
func CheckTarget(item plan.Item) error {
	if item.Target == "" && item.Seed == "" {
		return nil
	}
	entry := item.Target
	if item.Seed != "" {
		entry += ":" + item.Seed
	}
	got, ok, err := readTarget(entry)
	if !ok || err == nil && (got.Target != item.Target || got.Seed != item.Seed || item.Fragment+item.Text != "") {
		return fmt.Errorf("config: expected a target that makes a configuration, got %q", entry)
	}
	return err
}
