package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// environment returns the variables that the commands see and that decide the result.
// User and host are fixed, as the kernel records both. It records the time too: that is
// the source's, which TimeEnv adds when the source is fetched.
func environment(s spec.Spec) []string {
	return slices.Concat([]string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/tmp", "LC_ALL=C", "TZ=UTC",
		"ARCH=" + s.Arch.Kernel,
	}, s.Compiler.Env, []string{
		"KBUILD_BUILD_USER=kiln", "KBUILD_BUILD_HOST=kiln", "KBUILD_BUILD_VERSION=1",
		"LOCALVERSION=", // set, even empty, it keeps scripts/setlocalversion from adding "+"
	})
}

// TimeEnv returns the variables that fix the time of a build, in seconds since 1970, for
// the kernel and for the tools that it calls.
func TimeEnv(seconds int64) []string {
	return []string{"KBUILD_BUILD_TIMESTAMP=" + Stamp(seconds), fmt.Sprintf("SOURCE_DATE_EPOCH=%d", seconds)}
}

// Stamp returns a build time, in seconds since 1970, in the format of date(1): the form in
// which the kernel shows it.
func Stamp(seconds int64) string {
	return time.Unix(seconds, 0).UTC().Format("Mon Jan _2 15:04:05 UTC 2006")
}
