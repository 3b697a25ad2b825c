package boot

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// The files that the emulator is given, in its working folder.
const (
	kernelFile = "kernel"
	initrdFile = "initrd"
	diskFile   = "disk"
)

// argv is the emulator's command line. Options: QEMU's manual, "Invocation".
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

// commandLine is what the kernel is told. After a panic it starts the machine anew,
// which ends the emulator.
func (k Kernel) commandLine() string {
	words := append([]string{"console=" + k.Arch.QEMU.Console, "panic=-1"}, k.Arch.QEMU.Append...)
	return strings.Join(append(words, k.CommandLine...), " ")
}

// devices are a disk, a source of randomness, and a network card behind which nothing
// is but a server that sends back what it gets (the init's devices.go talks to it).
func devices(bus string) []string {
	card := "virtio-net-" + bus + ",netdev=net"
	if bus == "pci" {
		card += ",romfile=" // nobody boots from it
	}
	return []string{
		"-drive", "file=" + diskFile + ",format=raw,if=none,id=disk", "-device", "virtio-blk-" + bus + ",drive=disk",
		"-netdev", "user,id=net,restrict=on,guestfwd=tcp:10.0.2.100:7-cmd:cat", "-device", card,
		"-device", "virtio-rng-" + bus,
	}
}

// needs names what must be there by a kernel's configuration: a check of the first
// program that it calls absent has failed then.
func (k Kernel) needs() map[string]bool {
	on := func(options ...string) bool {
		for _, o := range options {
			if k.Options[o] != "y" {
				return false
			}
		}
		return true
	}
	bus := busOption[k.Arch.QEMU.Bus]
	return map[string]bool{
		"unix socket":    on("CONFIG_UNIX"),
		"inet socket":    on("CONFIG_INET"),
		"block device":   on("CONFIG_VIRTIO_BLK", bus),
		"network device": on("CONFIG_VIRTIO_NET", "CONFIG_INET", bus),
	}
}

// busOption is the option that finds the devices on a bus.
var busOption = map[string]string{"pci": "CONFIG_VIRTIO_PCI", "ccw": "CONFIG_S390_GUEST"}

// What the disk begins with, what the first program writes into its second sector, and
// how large it is.
const (
	diskSays   = "kiln disk"
	diskAnswer = "kiln was here"
	sector     = 512
	diskSize   = 1 << 20
)

func writeDisk(path string) error {
	disk := make([]byte, diskSize)
	copy(disk, diskSays)
	return os.WriteFile(path, disk, 0o644)
}

// answered reports whether the disk holds what the first program wrote.
func answered(dir string) bool {
	disk, err := os.ReadFile(filepath.Join(dir, diskFile))
	return err == nil && len(disk) > sector && bytes.HasPrefix(disk[sector:], []byte(diskAnswer))
}
