package boot

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// The emulator's input files, in its working folder.
const (
	kernelFile = "kernel"
	initrdFile = "initrd"
	diskFile   = "disk"
)

// argv returns the emulator's command line. Options: QEMU's manual, "Invocation".
func argv(k Kernel, m Machine) []string {
	q := k.Arch.QEMU
	words := append([]string{m.Program}, q.Machine...)
	if m.Accelerator == KVM {
		words = append(words, "-accel", "kvm", "-cpu", "host")
	} else if q.CPU != "" {
		words = append(words, "-cpu", q.CPU)
	}
	words = append(words, "-m", q.Memory, "-smp", strconv.Itoa(q.CPUs))
	words = append(words, "-display", "none", "-nodefaults", "-no-reboot", "-serial", "stdio", "-monitor", "none")
	words = append(words, "-kernel", kernelFile, "-initrd", initrdFile, "-append", k.commandLine())
	return append(words, devices(q.Bus)...)
}

// commandLine returns the kernel's command line. After a panic the kernel reboots, which ends
// the emulator. Its warnings are printed whatever CONFIG_CONSOLE_LOGLEVEL_DEFAULT is.
func (k Kernel) commandLine() string {
	words := append([]string{"console=" + k.Arch.QEMU.Console, "panic=-1", "loglevel=7"}, k.Arch.QEMU.Append...)
	return strings.Join(append(words, k.CommandLine...), " ")
}

// devices returns the options for a disk, a source of randomness, and a network card whose
// network has only an echo server (cmd/bootinit talks to it).
func devices(bus string) []string {
	card := "virtio-net-" + bus + ",netdev=net"
	if bus == "pci" {
		card += ",romfile=" // no network boot
	}
	return []string{
		"-drive", "file=" + diskFile + ",format=raw,if=none,id=disk", "-device", "virtio-blk-" + bus + ",drive=disk",
		"-netdev", "user,id=net,restrict=on,guestfwd=tcp:10.0.2.100:7-cmd:cat", "-device", card,
		"-device", "virtio-rng-" + bus,
	}
}

// required returns, by a check's name, whether the kernel's configuration has the feature: then
// "absent" is a failure.
func (k Kernel) required() map[string]bool {
	on := func(options ...string) bool {
		for _, o := range options {
			if k.Options[o] != "y" {
				return false
			}
		}
		return true
	}
	bus := busOption[k.Arch.QEMU.Bus]
	node := on("CONFIG_DEVTMPFS") || on("CONFIG_SYSFS") || on("CONFIG_PROC_FS") // one of them names the disk
	return map[string]bool{
		"/proc/version":   on("CONFIG_PROC_FS"),
		"/proc/config.gz": on("CONFIG_PROC_FS", "CONFIG_IKCONFIG_PROC"),
		"unix socket":     on("CONFIG_UNIX"),
		"inet socket":     on("CONFIG_INET"),
		"block device":    on("CONFIG_VIRTIO_BLK", bus) && node,
		"network device":  on("CONFIG_VIRTIO_NET", "CONFIG_INET", bus),
	}
}

// busOption is the option that a bus' virtio devices need.
var busOption = map[string]string{"pci": "CONFIG_VIRTIO_PCI", "ccw": "CONFIG_S390_GUEST"}

// The disk: its first bytes, what the init program writes to the second sector, and sizes in
// bytes.
const (
	diskMagic  = "kiln disk"
	diskAnswer = "kiln was here"
	sector     = 512
	diskSize   = 1 << 20
)

func writeDisk(path string) error {
	disk := make([]byte, diskSize)
	copy(disk, diskMagic)
	return os.WriteFile(path, disk, 0o644)
}

// diskWritten reports whether the disk has what the init program writes.
func diskWritten(dir string) bool {
	disk, err := os.ReadFile(filepath.Join(dir, diskFile))
	return err == nil && len(disk) > sector && bytes.HasPrefix(disk[sector:], []byte(diskAnswer))
}
