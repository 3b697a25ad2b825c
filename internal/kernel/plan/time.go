package plan

import (
	"fmt"
	"time"
)

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
