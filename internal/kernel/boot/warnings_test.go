package boot

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// readLines returns a console that has read lines after the kernel's banner.
func readLines(lines string) *console {
	c := newConsole(time.Now, nil)
	w := c.lines()
	fmt.Fprintf(w, "[    0.000000] Linux version 6.12.1 (kiln@kiln)\n%s\n", lines)
	return c
}

const cut = "[    0.313371] ------------[ cut here ]------------\n"

// TestWarnings reads texts that kernels print, by kernel/panic.c, lib/bug.c, lib/ubsan.c,
// kernel/locking/lockdep.c, kernel/rcu, kernel/watchdog.c, mm/page_alloc.c, ...
func TestWarnings(t *testing.T) {
	for name, tc := range map[string]struct {
		lines string
		want  []string
		crash Verdict
	}{
		"WARN_ON": {cut + "[    0.313380] WARNING: CPU: 0 PID: 1 at kernel/pid.c:650 warn+0x9/0x10\n[    0.31] Modules linked in:\n[    0.32] Call Trace:\n[    0.33] ---[ end trace 0000000000000000 ]---",
			[]string{"WARNING: CPU: 0 PID: 1 at kernel/pid.c:650 warn+0x9/0x10"}, ""},
		"WARN with a text": {cut + "[    0.313380] refcount_t: underflow; use-after-free.\n[    0.31] WARNING: CPU: 1 PID: 40 at lib/refcount.c:28 refcount_warn_saturate+0xba/0x110",
			[]string{"WARNING: CPU: 1 PID: 40 at lib/refcount.c:28 refcount_warn_saturate+0xba/0x110: refcount_t: underflow; use-after-free."}, ""},
		"WARN without file names": {cut + "[    0.31] WARNING: CPU: 0 PID: 1 at warn+0x9/0x10", []string{"WARNING: CPU: 0 PID: 1 at warn+0x9/0x10"}, ""},
		"WARN, newer form":        {cut + "[    0.31] WARNING: kernel/pid.c:650 at warn+0x9/0x10, CPU#0: swapper/0/1", []string{"WARNING: kernel/pid.c:650 at warn+0x9/0x10, CPU#0: swapper/0/1"}, ""},
		"caller's number":         {"[    0.000000][    T1] WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2", []string{"WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2"}, ""},
		"no time":                 {"WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2", []string{"WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2"}, ""},
		"level":                   {"<4>[    1.000000] WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2", []string{"WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2"}, ""},
		"twice":                   {strings.Repeat(cut+"WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2\n", 2), []string{"WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2"}, ""},
		"two": {cut + "WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2\n" + cut + "WARNING: CPU: 0 PID: 1 at b.c:1 g+0x1/0x2",
			[]string{"WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2", "WARNING: CPU: 0 PID: 1 at b.c:1 g+0x1/0x2"}, ""},
		"UBSAN": {cut + "[    0.5] UBSAN: array-index-out-of-bounds in drivers/net/a.c:12:3\n[    0.5] index 4 is out of range for type 'int [4]'\n[    0.5] ---[ end trace ]---",
			[]string{"UBSAN: array-index-out-of-bounds in drivers/net/a.c:12:3"}, ""},
		"UBSAN, older form": {"[    0.5] ================================================================================\n[    0.5] UBSAN: shift-out-of-bounds in lib/a.c:3:9",
			[]string{"UBSAN: shift-out-of-bounds in lib/a.c:3:9"}, ""},
		"a block without a head": {cut + "[    0.5] percpu ref (a) <= 0 (-1) after switching to atomic\n[    0.5] ---[ end trace 0000000000000000 ]---",
			[]string{"percpu ref (a) <= 0 (-1) after switching to atomic"}, ""},
		"lockdep":       {"[    1.0] ============================================\n[    1.0] WARNING: possible recursive locking detected\n[    1.0] 6.12.1 #1 Not tainted", []string{"WARNING: possible recursive locking detected"}, ""},
		"lockdep, rare": {"[    1.0] ============================================\n[    1.0] WARNING: Nested lock was not taken\n", []string{"WARNING: Nested lock was not taken"}, ""},
		"RCU usage":     {"[    1.0] WARNING: suspicious RCU usage", []string{"WARNING: suspicious RCU usage"}, ""},
		"wait context":  {"[    1.0] =============================\n[    1.0] [ BUG: Invalid wait context ]", []string{"[ BUG: Invalid wait context ]"}, ""},
		"a BUG that does not end it": {"[    1.0] BUG: sleeping function called from invalid context at kernel/locking/mutex.c:585\n[    1.0] in_atomic(): 1\n[    1.0] Call Trace:",
			[]string{"BUG: sleeping function called from invalid context at kernel/locking/mutex.c:585"}, ""},
		"scheduling while atomic": {"[    1.0] BUG: scheduling while atomic: swapper/0/1/0x00000002", []string{"BUG: scheduling while atomic: swapper/0/1/0x00000002"}, ""},
		"soft lockup":             {"[   30.0] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [swapper/0:1]", []string{"watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [swapper/0:1]"}, ""},
		"hard lockup":             {"[   30.0] watchdog: Watchdog detected hard LOCKUP on cpu 1", []string{"watchdog: Watchdog detected hard LOCKUP on cpu 1"}, ""},
		"RCU stall":               {"[   21.0] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:\n[   21.0] rcu: \t1-...!: (0 ticks this GP)", []string{"rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:"}, ""},
		"RCU stall of its own":    {"[   21.0] rcu: INFO: rcu_sched self-detected stall on CPU", []string{"rcu: INFO: rcu_sched self-detected stall on CPU"}, ""},
		"RCU expedited stall":     {"[   21.0] rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 1-.... }", []string{"rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 1-.... }"}, ""},
		"hung task":               {"[  121.0] INFO: task kworker/0:1:13 blocked for more than 120 seconds.", []string{"INFO: task kworker/0:1:13 blocked for more than 120 seconds."}, ""},
		"interrupt":               {"[    1.0] irq 9: nobody cared (try booting with the \"irqpoll\" option)", []string{"irq 9: nobody cared (try booting with the \"irqpoll\" option)"}, ""},
		"allocation": {"[    1.0] swapper/0: page allocation failure: order:10, mode:0xcc0(GFP_KERNEL), nodemask=(null)",
			[]string{"swapper/0: page allocation failure: order:10, mode:0xcc0(GFP_KERNEL), nodemask=(null)"}, ""},
		"unknown, with a call trace": {"[    1.0] WARNING: stack going in the wrong direction? at f+0x1/0x2\n[    1.0] CPU: 0 PID: 1\n[    1.0] Call trace:", []string{"WARNING: stack going in the wrong direction? at f+0x1/0x2"}, ""},

		"the word alone": {"[    0.1] Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on, data leaks possible via Spectre v2 BHB attacks!\n" +
			"[    0.1] RETBleed: WARNING: Spectre v2 mitigation leaves CPU vulnerable to RETBleed attacks, data leaks possible!\n" +
			"[    0.1] Warning: unable to open an initial console.\n[    0.1] warning: `init' uses 32-bit capabilities (legacy support in use)\n" +
			"[    0.1] usb 1-1: Warning! Unlikely big volume range\n[    0.1] WARNING! power/level is deprecated; use power/control instead\n" +
			"[    0.1] WARNING: the brigadier driver is deprecated\n[    0.2] Run /init as init process", nil, ""},
		"a trace that is far": {"[    1.0] WARNING: slow\n" + strings.Repeat("[    1.0] line\n", traceWithin) + "[    1.1] Call Trace:", nil, ""},
		"other words": {"[    0.1] ACPI BIOS Error (bug): Could not resolve symbol\n[    0.1] [Firmware Bug]: TSC_DEADLINE disabled due to Errata\n[    0.1] debug: on\n" +
			"[    0.1] MMIO Stale Data: CPU bug present and SMT on\n[    0.1] rcu: INFO: nothing\n[    0.1] EXT4-fs (vda): INFO: recovery required\n[    0.1] Kernel command line: loglevel=7 oops=panic\n" +
			"[    0.1] pstore: Using crash dump compression: deflate\n[    0.1] mtdoops: mtd device (mtddev=name/number) must be supplied\n" +
			"[    0.1] traps: init[12] general protection fault ip:45 sp:7f error:0\n[    0.1] random: crng init done\n[    0.1] ** This means that this is a DEBUG kernel **", nil, ""},

		"BUG_ON":                {cut + "[    1.0] kernel BUG at kernel/pid.c:650!\n[    1.0] Oops: invalid opcode: 0000 [#1] PREEMPT SMP", nil, Oops},
		"null pointer":          {"[    1.0] BUG: kernel NULL pointer dereference, address: 0000000000000008\n[    1.0] Oops: 0002 [#1]", nil, Oops},
		"page fault":            {"[    1.0] BUG: unable to handle page fault for address: ffff\n", nil, Oops},
		"arm64":                 {"[    1.0] Unable to handle kernel NULL pointer dereference at virtual address 0008\n[    1.0] Internal error: Oops: 0000000096000004 [#1] SMP", nil, Oops},
		"mips":                  {"[    1.0] CPU 0 Unable to handle kernel paging request at virtual address 00000008\n[    1.0] Oops[#1]:", nil, Oops},
		"mips bug":              {"[    1.0] Kernel bug detected[#1]:", nil, Oops},
		"riscv":                 {"[    1.0] Kernel BUG [#1]", nil, Oops},
		"powerpc":               {"[    1.0] Oops: Exception in kernel mode, sig: 5 [#1]", nil, Oops},
		"s390":                  {"[    1.0] specification exception: 0006 ilc:3 [#1] SMP", nil, Oops},
		"protection fault":      {"[    1.0] general protection fault, probably for non-canonical address 0xdead000000000108: 0000 [#1] SMP", nil, Oops},
		"KASAN":                 {"[    1.0] ==================================================================\n[    1.0] BUG: KASAN: slab-out-of-bounds in f+0x1/0x2", nil, Oops},
		"slab":                  {"[    1.0] BUG kmalloc-64 (Not tainted): Right Redzone overwritten", nil, Oops},
		"page":                  {"[    1.0] BUG: Bad page state in process swapper/0  pfn:1", nil, Oops},
		"stack":                 {"[    1.0] BUG: TASK stack guard page was hit at ffff (stack is ffff..ffff)", nil, Oops},
		"panic after a warning": {cut + "WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2\n[    1.0] Kernel panic - not syncing: kernel: panic_on_warn set ...", []string{"WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2"}, Panic},
	} {
		t.Run(name, func(t *testing.T) {
			c := readLines(tc.lines)
			if got := c.warnings.all(); !slices.Equal(got, tc.want) || c.crash != tc.crash {
				t.Errorf("warnings %q, crash %q; want %q, %q", got, c.crash, tc.want, tc.crash)
			}
		})
	}
}

func TestWarningsAreLimited(t *testing.T) {
	var lines strings.Builder
	for n := range maxWarnings + 3 {
		fmt.Fprintf(&lines, "WARNING: CPU: 0 PID: 1 at a.c:%d f+0x1/0x2\n", n)
	}
	got := readLines(lines.String()).warnings.all()
	if len(got) != maxWarnings+1 || got[maxWarnings] != "and 3 more" {
		t.Errorf("%d warnings, the last is %q", len(got), got[len(got)-1])
	}
}

// FuzzConsole requires that whatever a machine prints has one verdict and a report that is
// complete.
func FuzzConsole(f *testing.F) {
	for _, seed := range []string{
		cut + "WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2\n[    1.0] ---[ end trace ]---\n", initStarted + "\n" + initReport + `{"release":"6.12.1","checks":[{"name":"pipe","state":"passed"}]}` + "\n",
		initReport + "null\n", initReport + `{"checks":null}`, "[    1.0] Kernel panic - not syncing: x\n", "<4>[    1.0][    T1] WARNING: slow\nCall Trace:\n", "\r\n\x00\xff[[[ ", "BUG kmalloc-8 (Tainted: G W): x\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := newConsole(time.Now, nil)
		w := c.lines()
		fmt.Fprint(w, text)
		w.Close()
		r := c.report(testKernel, nil, true)
		if r.Verdict == "" || r.Verdict != Booted && r.Why == "" || r.Warnings == nil || r.Tail == nil || r.Checks == nil {
			t.Errorf("%+v", r)
		}
		if len(r.Tail) > tailLines || len(r.Warnings) > maxWarnings+1 {
			t.Errorf("%d lines, %d warnings", len(r.Tail), len(r.Warnings))
		}
	})
}
