package builder

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/boot"
	"github.com/romanatrashyonok/kiln/internal/kernel/record"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// TestMicroBoots boots Kiln's own kernels, and one for a 32-bit big-endian machine, and
// requires every check of the init program to pass.
func TestMicroBoots(t *testing.T) {
	for _, name := range []string{"amd64", "arm64", "mips"} {
		t.Run(name, func(t *testing.T) {
			b, folder := buildShipped(t, name)
			r, err := booter(b).Boot(t.Context(), folder, boot.Limits{})
			if err != nil || r.Err() != nil {
				t.Fatalf("%v, %v", err, r.Err())
			}
			for _, c := range r.Checks {
				if c.State != "passed" {
					t.Errorf("%s is %s: %s", c.Name, c.State, c.Got)
				}
			}
			var saved boot.Report
			if err := report.Read(filepath.Join(folder, boot.ReportFile), &saved); err != nil || saved.Verdict != boot.Booted || saved.Release == "" || len(saved.Checks) < 10 {
				t.Errorf("boot.json: %+v, %v", saved, err)
			}
			if _, before, err := booter(b).BootOnce(t.Context(), folder, boot.Limits{}); err != nil || !before {
				t.Errorf("booted a second time: %v", err)
			}
			list, err := record.Why(b.Folder.Dir, "micro")
			if err != nil || len(list) != 1 || !strings.Contains(list[0].String(), "booted in") || !strings.Contains(list[0].String(), filepath.Base(imageOf(t, name))) {
				t.Errorf("provenance: %v, %v", list, err)
			}
		})
	}
}

// imageOf returns the path of an architecture's image in the output tree.
func imageOf(t *testing.T, name string) string {
	t.Helper()
	a, err := arch.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return a.Image
}

// machineOf builds the shipped kernel for an architecture, and returns its folder in dist/ and
// the machine that boots it.
func machineOf(t *testing.T, name string) (*Builder, string, arch.Arch, boot.Machine) {
	t.Helper()
	b, folder := buildShipped(t, name)
	a, err := arch.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	machine, err := booter(b).Machine(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return b, folder, a, machine
}

// TestBootVerdicts has the real kernel fail in each way that needs no build of its own.
func TestBootVerdicts(t *testing.T) {
	b, folder, a, machine := machineOf(t, "amd64")
	image := filepath.Join(folder, "bzImage")
	noConsole := a
	noConsole.QEMU.Console = "ttyS3"
	arm64, err := arch.Find("arm64")
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		kernel  boot.Kernel
		verdict boot.Verdict
		stage   boot.Stage
		why     string
	}{
		"init ends":          {boot.Kernel{Arch: a, CommandLine: []string{"kiln.do=exit"}}, boot.Panic, boot.StageInit, "Attempted to kill init"},
		"hang":               {boot.Kernel{Arch: a, CommandLine: []string{"kiln.do=hang"}}, boot.Hang, boot.StageInit, "no more output"},
		"no console":         {boot.Kernel{Arch: noConsole}, boot.Silent, boot.StageNone, "it has no console on ttyS3"},
		"initramfs not used": {boot.Kernel{Arch: a, CommandLine: []string{"rdinit=/none", "root=/dev/none"}}, boot.Panic, boot.StageKernel, "CONFIG_BLK_DEV_INITRD"},
		"wrong architecture": {boot.Kernel{Arch: arm64}, boot.WrongKernel, boot.StageNone, "not a kernel for arm64"},
		"wrong release":      {boot.Kernel{Arch: a, Release: "6.12.0-other"}, boot.WrongKernel, boot.StageOff, "6.12.0-other"},
		"missing device":     {boot.Kernel{Arch: withoutDiskDriver(a), Options: result.Options(folder)}, boot.Broken, boot.StageOff, "block device"},
	} {
		t.Run(name, func(t *testing.T) {
			tc.kernel.Image = image
			r, err := boot.Boot(t.Context(), machine, tc.kernel, boot.Limits{Quiet: 20 * time.Second}, booter(b).Init, nil)
			if err != nil || r.Verdict != tc.verdict || r.Stage != tc.stage || !strings.Contains(r.Why, tc.why) {
				t.Errorf("%s at %s: %s, %v", r.Verdict, r.Stage, r.Why, err)
			}
			if fault.Code(r.Err()) != int(fault.Failed) {
				t.Errorf("got error %v, want class %v", r.Err(), fault.Failed)
			}
		})
	}
}

// TestDevicesAreFoundByProcAlone boots the real kernel without devtmpfs and sysfs: the disk's
// number is in /proc/partitions, and the network card is found by netlink.
func TestDevicesAreFoundByProcAlone(t *testing.T) {
	b, folder, a, machine := machineOf(t, "amd64")
	k := boot.Kernel{Arch: a, Image: filepath.Join(folder, "bzImage"), Options: result.Options(folder), CommandLine: []string{"kiln.mounts=proc"}}
	r, err := boot.Boot(t.Context(), machine, k, boot.Limits{}, booter(b).Init, nil)
	if err != nil || r.Verdict != boot.Booted {
		t.Fatalf("%s, %v", r, err)
	}
	for _, c := range r.Checks {
		if c.State != "passed" || c.Name == "mounts" && c.Got != "proc; not sysfs, devtmpfs, tmpfs" {
			t.Errorf("%s is %s: %s", c.Name, c.State, c.Got)
		}
	}
}

// leastConfig is what a boot needs on amd64, and CONFIG_BUG, by which a kernel warns.
var leastConfig = []string{
	"CONFIG_64BIT=y", "CONFIG_PRINTK=y", "CONFIG_TTY=y", "CONFIG_SERIAL_8250=y", "CONFIG_SERIAL_8250_CONSOLE=y", "CONFIG_BLK_DEV_INITRD=y",
	"CONFIG_BINFMT_ELF=y", "CONFIG_FUTEX=y", "CONFIG_EPOLL=y", "CONFIG_EVENTFD=y", "CONFIG_BUG=y",
}

// warnPatch has the kernel warn when it boots.
var warnPatch = insertPatch("kernel/pid.c", 646, "", `static int __init start_warn(void)
{
	WARN(1, "this kernel warns\n");
	return 0;
}
late_initcall(start_warn);
`, "void __init pid_idr_init(void)")

// TestLeastKernelBoots boots the smallest kernel that can be tested, which has no /proc, /sys,
// devtmpfs, network, users, timers or second processor, and warns.
func TestLeastKernelBoots(t *testing.T) {
	s := smallSpec(t, spec.Table{Config: leastConfig}, warnPatch)
	startFromScratch(t, testBuilder(t), s)
	b, folder := buildAndExtract(t, s)
	r, err := booter(b).Boot(t.Context(), folder, boot.Limits{})
	if err != nil || r.Verdict != boot.Booted || r.Release == "" {
		t.Fatalf("%s, %v, %v", r, err, r.Err())
	}
	if len(r.Warnings) != 1 || !strings.HasPrefix(r.Warnings[0], "WARNING: CPU: 0 PID: 1 at ./kernel/pid.c:") || !strings.HasSuffix(r.Warnings[0], ": this kernel warns") {
		t.Errorf("warnings: %q", r.Warnings)
	}
	for _, c := range r.Checks {
		if absent := []string{"/proc/version", "/proc/config.gz", "unix socket", "inet socket", "block device", "network device"}; slices.Contains(absent, c.Name) != (c.State == "absent") {
			t.Errorf("%s is %s: %s", c.Name, c.State, c.Got)
		}
	}
}

// withoutDiskDriver keeps the kernel from initialising its disk driver.
func withoutDiskDriver(a arch.Arch) arch.Arch {
	a.QEMU.Append = append([]string{"initcall_blacklist=virtio_blk_init"}, a.QEMU.Append...)
	return a
}

// TestBootInContainer boots a kernel with QEMU in a container, as on a machine without
// QEMU.
func TestBootInContainer(t *testing.T) {
	b, folder := buildShipped(t, "mips")
	t.Setenv("PATH", pathWithoutQEMU(t))
	r, err := booter(b).Boot(t.Context(), folder, boot.Limits{})
	if err != nil || r.Verdict != boot.Booted || r.Where != "container" {
		t.Errorf("%s, %s: %v", r, r.Where, err)
	}
}

// pathWithoutQEMU returns a PATH of only the folder with go.
func pathWithoutQEMU(t *testing.T) string {
	t.Helper()
	for dir := range strings.SplitSeq(os.Getenv("PATH"), string(os.PathListSeparator)) {
		if _, err := os.Stat(filepath.Join(dir, "go")); err == nil {
			return dir
		}
	}
	t.Fatal("go is not on PATH")
	return ""
}
