package builder

import (
	"context"
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

// brokenBuild is a build of the real kernel that fails.
type brokenBuild struct {
	name    string
	table   spec.Table
	patch   string
	memory  string // limit of the build
	disk    string // size of the output volume
	removed string // a program that the toolchain lacks
	cause   fault.Cause
	at      string // position of the first error
	text    string // in the error
}

// brokenBuilds fail in ways that show within seconds.
var brokenBuilds = []brokenBuild{
	{name: "missing program", removed: "/usr/bin/flex", cause: fault.Toolchain, text: "flex: not found"},
	{
		name:  "syntax error",
		patch: insertPatch("kernel/bounds.c", 17, "{", "\tint broken = ;", "\t/* The enum constants to put into include/generated/bounds.h */"),
		cause: fault.Source, at: "kernel/bounds.c:18:22", text: "expected expression before",
	},
	{
		name:  "missing header",
		patch: insertPatch("kernel/bounds.c", 14, "#include <linux/spinlock_types.h>", "#include <linux/no-such-thing.h>", ""),
		cause: fault.Source, at: "kernel/bounds.c:15:10", text: "linux/no-such-thing.h: No such file or directory",
	},
	{
		name:  "link error",
		patch: insertPatch("scripts/basic/fixdep.c", 105, "{", "\textern void nowhere(void); nowhere();", "\tfprintf(stderr, \"Usage: fixdep <depfile> <target> <cmdline>\\n\");"),
		cause: fault.Source, at: "fixdep.c", text: "undefined reference to `nowhere'",
	},
	{
		name:  "Kconfig error",
		patch: insertPatch("init/Kconfig", 1, "# SPDX-License-Identifier: GPL-2.0-only", "confgi CC_IS_ODD", "config CC_VERSION_TEXT"),
		cause: fault.Source, at: "init/Kconfig:2", text: "init/Kconfig:2: error: syntax error",
	},
	{
		name:  "device tree error",
		table: spec.Table{Arch: []string{"arm64"}, Config: []string{"CONFIG_ARCH_VEXPRESS=y"}},
		patch: insertPatch("arch/arm64/boot/dts/arm/foundation-v8.dts", 7, "", "broken;", "#include \"foundation-v8.dtsi\""),
		cause: fault.Source, at: "arch/arm64/boot/dts/arm/foundation-v8.dts:8:1", text: "syntax error",
	},
	{name: "out of memory", memory: "24MiB", cause: fault.Resources, text: "out of memory with a single job"},
	{name: "disk full", disk: "1m", cause: fault.Resources, text: "(resources)"},
}

// TestBrokenBuildsAreDiagnosed checks the cause, the exit code and the first error of each
// broken build. They share an output tree, so that few of them remake the configuration.
func TestBrokenBuildsAreDiagnosed(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		startFromScratch(t, testBuilder(t), smallSpec(t, spec.Table{Arch: []string{arch}}, ""))
	}
	codes := map[fault.Cause]int{fault.Source: 1, fault.Toolchain: 3, fault.Resources: 3}
	for _, tc := range brokenBuilds {
		t.Run(tc.name, func(t *testing.T) {
			err := tc.run(t)
			if fault.CauseOf(err) != tc.cause || fault.Code(err) != codes[tc.cause] || !strings.Contains(fmt.Sprint(err), tc.text) {
				t.Fatalf("want %s with %q, got %s (exit code %d): %v", tc.cause, tc.text, fault.CauseOf(err), fault.Code(err), err)
			}
			var failure *executor.Failure
			if !errors.As(err, &failure) {
				t.Fatalf("want an *executor.Failure, got %v", err)
			}
			if tc.at != "" && (failure.First == nil || failure.First.At() != tc.at) {
				t.Errorf("the first error is %+v, want one at %s", failure.First, tc.at)
			}
			if log, err := os.ReadFile(failure.Log); err != nil || len(log) == 0 {
				t.Errorf("the log is empty: %v", err)
			}
		})
	}
}

// run runs the build and returns its error.
func (c brokenBuild) run(t *testing.T) error {
	t.Helper()
	b := testBuilder(t)
	b.Local.Limits.Memory = c.memory
	s := smallSpec(t, c.table, c.patch)
	if c.removed != "" || c.disk != "" { // these fail only from scratch
		removeKernel(t, b, s)
	}
	if c.disk != "" {
		enginetest.SmallVolume(t, executor.OutputVolume(s.Name, s.Arch.Name), c.disk)
	}
	_, err := firstSource(t.Context(), &b.resolver, s, b.resolve, func(k candidate) (result.Result, error) {
		if c.removed == "" {
			return b.buildCandidate(t.Context(), k, b.Local)
		}
		k.plan.Toolchain.Programs = slices.DeleteFunc(slices.Clone(k.plan.Toolchain.Programs), func(p plan.Program) bool { return p.Path == c.removed })
		k.plan.Allow = []string{"no " + c.removed} // a plan that was not built before
		return b.buildCandidate(t.Context(), k, without{b.Local, c.removed})
	})
	return err
}

// without is an executor whose containers lack a program.
type without struct {
	next    Executor
	program string
}

func (w without) Run(ctx context.Context, t executor.Task, ev executor.Events) (result.Result, error) {
	t.Prepare = [][]string{{"rm", w.program}}
	return w.next.Run(ctx, t, ev)
}
