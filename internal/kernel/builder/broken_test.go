package builder

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/executor"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// TestBrokenBuildsAreToldRight breaks the build of the real kernel in each of the ways
// that show within seconds: what is to blame, and the line that says so. They go on over
// one output, so that few of them make the configuration anew.
func TestBrokenBuildsAreToldRight(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		startFromScratch(t, testBuilder(t), brokenSpec(t, spec.Table{Arch: []string{arch}}, ""))
	}
	codes := map[fault.Cause]int{fault.Source: 1, fault.Toolchain: 3, fault.Resources: 3}
	for _, tc := range []struct {
		name  string
		table spec.Table
		patch string
		limit string // memory of the build
		disk  string // size of the output's volume
		lacks string // a program that the toolchain has lost
		cause fault.Cause
		at    string // where the first error is
		says  string
	}{
		{name: "a program missing", lacks: "/usr/bin/flex", cause: fault.Toolchain, says: "flex: not found"},
		{
			name:  "syntax error",
			patch: insertion("kernel/bounds.c", 17, "{", "\tint broken = ;", "\t/* The enum constants to put into include/generated/bounds.h */"),
			cause: fault.Source, at: "kernel/bounds.c:18:22", says: "expected expression before",
		},
		{
			name:  "missing header",
			patch: insertion("kernel/bounds.c", 14, "#include <linux/spinlock_types.h>", "#include <linux/no-such-thing.h>", ""),
			cause: fault.Source, at: "kernel/bounds.c:15:10", says: "linux/no-such-thing.h: No such file or directory",
		},
		{
			name:  "link error",
			patch: insertion("scripts/basic/fixdep.c", 105, "{", "\textern void nowhere(void); nowhere();", "\tfprintf(stderr, \"Usage: fixdep <depfile> <target> <cmdline>\\n\");"),
			cause: fault.Source, at: "fixdep.c", says: "undefined reference to `nowhere'",
		},
		{
			name:  "Kconfig error",
			patch: insertion("init/Kconfig", 1, "# SPDX-License-Identifier: GPL-2.0-only", "confgi CC_IS_ODD", "config CC_VERSION_TEXT"),
			cause: fault.Source, at: "init/Kconfig:2", says: "init/Kconfig:2: error: syntax error",
		},
		{
			name:  "device tree error",
			table: spec.Table{Arch: []string{"arm64"}, Config: []string{"CONFIG_ARCH_VEXPRESS=y"}},
			patch: insertion("arch/arm64/boot/dts/arm/foundation-v8.dts", 7, "", "broken;", "#include \"foundation-v8.dtsi\""),
			cause: fault.Source, at: "arch/arm64/boot/dts/arm/foundation-v8.dts:8:1", says: "syntax error",
		},
		{name: "memory runs out", limit: "24MiB", cause: fault.Resources, says: "the memory ran out with one job at a time"},
		{name: "disk runs out", disk: "1m", cause: fault.Resources, says: "(resources)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := testBuilder(t)
			b.Local.Limits.Memory = tc.limit
			s := brokenSpec(t, tc.table, tc.patch)
			if tc.lacks != "" || tc.disk != "" { // they begin from nothing
				removeKernel(t, b, s)
			}
			if tc.disk != "" {
				enginetest.SmallVolume(t, plan.Plan{Name: s.Name, Arch: s.Arch.Name}.OutputVolume(), tc.disk)
			}
			_, err := firstSource(t.Context(), b, s, b.resolve, func(r candidate) (result.Result, error) {
				if tc.lacks != "" {
					r.plan.Steps = slices.Insert(slices.Clone(r.plan.Steps), 1, plan.Step{Name: "lose", Root: true, Argv: []string{"rm", tc.lacks}})
				}
				return b.buildCandidate(t.Context(), r, b.Local)
			})
			if fault.CauseOf(err) != tc.cause || fault.Code(err) != codes[tc.cause] || !strings.Contains(fmt.Sprint(err), tc.says) {
				t.Fatalf("want %s with %q, got %s (exit code %d): %v", tc.cause, tc.says, fault.CauseOf(err), fault.Code(err), err)
			}
			var told *executor.Failure
			if !errors.As(err, &told) {
				t.Fatalf("it does not say how a step failed: %v", err)
			}
			if tc.at != "" && (told.First == nil || told.First.At() != tc.at) {
				t.Errorf("the first error is %+v, want one at %s", told.First, tc.at)
			}
			if log, err := os.ReadFile(told.Log); err != nil || len(log) == 0 {
				t.Errorf("its log: %v", err)
			}
		})
	}
}
