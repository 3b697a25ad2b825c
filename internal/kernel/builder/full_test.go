//go:build full

package builder

import (
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/boot"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// TestEveryArchitecture builds the shipped kernel for all nine, boots it, and builds it
// a second time.
func TestEveryArchitecture(t *testing.T) {
	for _, name := range arch.Names() {
		t.Run(name, func(t *testing.T) {
			b, folder := buildShipped(t, name)
			if r, err := booter(b).Boot(t.Context(), folder, boot.Limits{}); err != nil || r.Verdict != boot.Booted {
				t.Errorf("%s, %v", r, err)
			}
			if r, err := b.Reproduce(t.Context(), shippedSpec(t, name, arch.GCC), folder); err != nil || !r.Same {
				t.Errorf("%s, %v", r, err)
			}
		})
	}
}

// TestLLVM builds the shipped kernel with clang and lld for those that they serve, and
// boots it.
func TestLLVM(t *testing.T) {
	for _, name := range arch.Names() {
		t.Run(name, func(t *testing.T) {
			b, folder := buildAndExtract(t, shippedSpec(t, name, arch.LLVM))
			m, err := result.CheckFolder(folder)
			if err != nil || !strings.Contains(m.Toolchain.Compiler, "clang") || !strings.Contains(m.Toolchain.Linker, "LLD") {
				t.Errorf("it was made by %+v, %v", m.Toolchain, err)
			}
			if r, err := booter(b).Boot(t.Context(), folder, boot.Limits{}); err != nil || r.Verdict != boot.Booted {
				t.Errorf("%s, %v", r, err)
			}
		})
	}
}

// TestDefconfig builds arm64's defconfig, for fewer boards, with all that a kernel can
// come with, looks into each part, and boots it.
func TestDefconfig(t *testing.T) {
	specs, err := spec.File{Kernels: []spec.Table{{
		Name: "boards", Version: "6.12", Arch: []string{"arm64"}, Source: []string{"debian"}, Config: []string{"defconfig", "testdata/boards.config"},
	}}}.Specs(".", spec.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	s := specs[0]
	startFromScratch(t, testBuilder(t), s)
	b, folder := buildAndExtract(t, s)
	if n := checkParts(t, folder); n < 300 {
		t.Errorf("it has only %d modules", n)
	}
	if r, err := booter(b).Boot(t.Context(), folder, boot.Limits{}); err != nil || r.Verdict != boot.Booted {
		t.Errorf("%s, %v", r, err)
	}
}

// TestAllArtefactsAreRepeatable builds a small kernel with all that it can come with a
// second time.
func TestAllArtefactsAreRepeatable(t *testing.T) {
	s := brokenSpec(t, spec.Table{Arch: []string{"arm64"}, Config: allParts}, "")
	startFromScratch(t, testBuilder(t), s)
	b, folder := buildAndExtract(t, s)
	if r, err := b.Reproduce(t.Context(), s, folder); err != nil || !r.Same {
		t.Errorf("%s, %v", r, err)
	}
}

// timestampPatch has a source file hold the time at which it was compiled, as seconds.
var timestampPatch = insertion("kernel/Makefile", 5, "", "CFLAGS_pid.o += -DSTAMP=$(shell date +%s)", "obj-y     = fork.o exec_domain.o panic.o \\") +
	insertion("kernel/pid.c", 646, "", "const char stamp[] __used = \"made at \" __stringify(STAMP);", "void __init pid_idr_init(void)")

// prefixMapPatch has a source file set aside what keeps the build's folder out of it.
var prefixMapPatch = insertion("kernel/Makefile", 5, "", "CFLAGS_pid.o += -ffile-prefix-map=$(srctree)=$(srctree)", "obj-y     = fork.o exec_domain.o panic.o \\")

// TestPlantedBreakers has the real kernel hold what no second build gives again: each
// is found, and named.
func TestPlantedBreakers(t *testing.T) {
	for name, tc := range map[string]struct {
		options []string
		patch   string
		file    string
		cause   string
	}{
		"time in a patch":         {patch: timestampPatch, file: "bzImage", cause: "the time of the build"},
		"key that is generated":   {options: []string{"CONFIG_MODULES=y", "CONFIG_MODULE_SIG=y"}, file: "bzImage", cause: "a key to sign modules"},
		"folder in its debugging": {options: []string{"CONFIG_DEBUG_KERNEL=y", "CONFIG_DEBUG_INFO_DWARF5=y"}, patch: prefixMapPatch, file: "vmlinux.debug", cause: "debug information"},
	} {
		t.Run(name, func(t *testing.T) {
			s := brokenSpec(t, spec.Table{Config: tc.options}, tc.patch)
			startFromScratch(t, testBuilder(t), s)
			b, folder := buildAndExtract(t, s)
			r, err := b.Reproduce(t.Context(), s, folder)
			if err != nil || r.Same || fault.Code(r.Err()) != int(fault.Failed) {
				t.Fatalf("%s, %v", r, err)
			}
			if !strings.Contains(r.String(), tc.file) || !strings.Contains(r.String(), tc.cause) {
				t.Errorf("want %q in %s, got %s", tc.cause, tc.file, r)
			}
		})
	}
}

// oopsPatch has a thread of the kernel write to where nothing is.
var oopsPatch = insertion("kernel/pid.c", 646, "", `#include <linux/kthread.h>
static int trip(void *unused)
{
	*(volatile int *)8 = 1;
	return 0;
}

static int __init start_trip(void)
{
	kthread_run(trip, NULL, "trip");
	return 0;
}
late_initcall(start_trip);
`, "void __init pid_idr_init(void)")

// TestKernelsThatFailToBoot builds kernels that lack what a boot takes, or that trip.
func TestKernelsThatFailToBoot(t *testing.T) {
	for name, tc := range map[string]struct {
		options []string
		patch   string
		verdict boot.Verdict
		why     string
	}{
		"without initramfs": {options: []string{"# CONFIG_BLK_DEV_INITRD is not set", "# CONFIG_RD_GZIP is not set", "# CONFIG_RD_ZSTD is not set"}, verdict: boot.Panic, why: "CONFIG_BLK_DEV_INITRD"},
		"without console":   {options: []string{"# CONFIG_SERIAL_8250_CONSOLE is not set"}, verdict: boot.Silent, why: "it has no console on ttyS0"},
		"oops":              {patch: oopsPatch, verdict: boot.Oops, why: "NULL pointer dereference"},
	} {
		t.Run(name, func(t *testing.T) {
			s := brokenSpec(t, spec.Table{Config: append([]string{"config/micro.config"}, tc.options...)}, tc.patch)
			startFromScratch(t, testBuilder(t), s)
			b, folder := buildAndExtract(t, s)
			r, err := booter(b).Boot(t.Context(), folder, boot.Limits{})
			if err != nil || r.Verdict != tc.verdict || !strings.Contains(r.Why, tc.why) {
				t.Errorf("%s, %v", r, err)
			}
		})
	}
}
