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

// TestEveryArchitecture builds, boots and reproduces Kiln's own kernel for all nine
// architectures.
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

// TestLLVM builds Kiln's own kernel with clang and lld for every architecture, and boots
// it.
func TestLLVM(t *testing.T) {
	for _, name := range arch.Names() {
		t.Run(name, func(t *testing.T) {
			b, folder := buildAndExtract(t, shippedSpec(t, name, arch.LLVM))
			m, err := result.CheckFolder(folder)
			if err != nil || !strings.Contains(m.Toolchain.Compiler, "clang") || !strings.Contains(m.Toolchain.Linker, "LLD") {
				t.Errorf("built by %+v, %v", m.Toolchain, err)
			}
			if r, err := booter(b).Boot(t.Context(), folder, boot.Limits{}); err != nil || r.Verdict != boot.Booted {
				t.Errorf("%s, %v", r, err)
			}
		})
	}
}

// TestDefconfig builds arm64's defconfig for fewer boards with every kind of artefact,
// checks the content of each, and boots the kernel.
func TestDefconfig(t *testing.T) {
	s := oneSpec(t, ".", spec.Table{
		Name: "boards", Version: "6.12", Arch: []string{"arm64"}, Source: []string{"debian"}, Config: []string{"defconfig", "testdata/boards.config"},
	})
	startFromScratch(t, testBuilder(t), s)
	b, folder := buildAndExtract(t, s)
	if n := checkOptionalArtefacts(t, folder); n < 300 {
		t.Errorf("got %d modules, want at least 300", n)
	}
	if r, err := booter(b).Boot(t.Context(), folder, boot.Limits{}); err != nil || r.Verdict != boot.Booted {
		t.Errorf("%s, %v", r, err)
	}
}

// TestAllArtefactsAreReproducible builds a small kernel with every kind of artefact twice.
func TestAllArtefactsAreReproducible(t *testing.T) {
	s := smallSpec(t, spec.Table{Arch: []string{"arm64"}, Config: allArtefacts}, "")
	startFromScratch(t, testBuilder(t), s)
	b, folder := buildAndExtract(t, s)
	if r, err := b.Reproduce(t.Context(), s, folder); err != nil || !r.Same {
		t.Errorf("%s, %v", r, err)
	}
}

// timestampPatch compiles the current time, in seconds, into a source file.
var timestampPatch = insertPatch("kernel/Makefile", 5, "", "CFLAGS_pid.o += -DSTAMP=$(shell date +%s)", "obj-y     = fork.o exec_domain.o panic.o \\") +
	insertPatch("kernel/pid.c", 646, "", "const char stamp[] __used = \"made at \" __stringify(STAMP);", "void __init pid_idr_init(void)")

// prefixMapPatch overrides, for a source file, the flag that keeps the build's folder out
// of debug information.
var prefixMapPatch = insertPatch("kernel/Makefile", 5, "", "CFLAGS_pid.o += -ffile-prefix-map=$(srctree)=$(srctree)", "obj-y     = fork.o exec_domain.o panic.o \\")

// TestNonReproducibleKernels builds the real kernel with content that no second build
// reproduces: each difference is found and explained.
func TestNonReproducibleKernels(t *testing.T) {
	for name, tc := range map[string]struct {
		options []string
		patch   string
		file    string
		cause   string
	}{
		"time of the build":           {patch: timestampPatch, file: "bzImage", cause: "the time of the build"},
		"generated key":               {options: []string{"CONFIG_MODULES=y", "CONFIG_MODULE_SIG=y"}, file: "bzImage", cause: "a key to sign modules"},
		"folder in debug information": {options: []string{"CONFIG_DEBUG_KERNEL=y", "CONFIG_DEBUG_INFO_DWARF5=y"}, patch: prefixMapPatch, file: "vmlinux.debug", cause: "debug information"},
	} {
		t.Run(name, func(t *testing.T) {
			s := smallSpec(t, spec.Table{Config: tc.options}, tc.patch)
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

// oopsPatch has a kernel thread write to an unmapped address.
var oopsPatch = insertPatch("kernel/pid.c", 646, "", `#include <linux/kthread.h>
static int oops(void *unused)
{
	*(volatile int *)8 = 1;
	return 0;
}

static int __init start_oops(void)
{
	kthread_run(oops, NULL, "oops");
	return 0;
}
late_initcall(start_oops);
`, "void __init pid_idr_init(void)")

// TestKernelsThatFailToBoot builds kernels without what a boot needs, and one that oopses.
func TestKernelsThatFailToBoot(t *testing.T) {
	for name, tc := range map[string]struct {
		options []string
		patch   string
		verdict boot.Verdict
		why     string
	}{
		"without initramfs": {options: []string{"# CONFIG_BLK_DEV_INITRD is not set", "# CONFIG_RD_GZIP is not set", "# CONFIG_RD_ZSTD is not set"}, verdict: boot.Untestable, why: "the first program needs CONFIG_BLK_DEV_INITRD"},
		"without console":   {options: []string{"# CONFIG_SERIAL_8250_CONSOLE is not set"}, verdict: boot.Untestable, why: "its output on ttyS0 needs CONFIG_SERIAL_8250_CONSOLE"},
		"oops":              {patch: oopsPatch, verdict: boot.Oops, why: "NULL pointer dereference"},
	} {
		t.Run(name, func(t *testing.T) {
			s := smallSpec(t, spec.Table{Config: append([]string{"config/micro.config"}, tc.options...)}, tc.patch)
			startFromScratch(t, testBuilder(t), s)
			b, folder := buildAndExtract(t, s)
			r, err := booter(b).Boot(t.Context(), folder, boot.Limits{})
			if err != nil || r.Verdict != tc.verdict || !strings.Contains(r.Why, tc.why) {
				t.Errorf("%s, %v", r, err)
			}
		})
	}
}
