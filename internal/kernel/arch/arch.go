// Package arch is the one table of everything that differs by architecture. Other code
// never switches on an architecture's name: it reads the table.
package arch

// Arch is one architecture that kernels are built for.
type Arch struct {
	Name        string   // Go's name
	Aliases     []string // the kernel's and the distributions' spellings
	Kernel      string   // ARCH=
	Source      string   // SRCARCH, its folder below arch/
	Cross       string   // CROSS_COMPILE=, as "aarch64-linux-gnu-"
	Clang       string   // clang's target triple: CLANG_TARGET_FLAGS of the kernel's scripts/Makefile.clang
	Packages    []string // of Debian 13: the compiler, on an amd64 engine
	Defconfig   string   // make target of the default configuration
	Target      string   // make target of the image
	Image       string   // the image's path in the output tree, in the form that QEMU boots
	Magic       Magic    // the marks in the image's first bytes
	QEMU        QEMU     // the emulator it boots in
	DeviceTrees bool     // whether its kernels may come with device trees
	GoEnv       []string // environment of the go command for programs that run on it, besides GOARCH
	InitABI     []string // options by which its kernels run such a program, as "CONFIG_64BIT=y" or "=n"
}

// QEMU describes how a kernel of an architecture is booted.
type QEMU struct {
	Binary     string   // as "qemu-system-aarch64"
	Packages   []string // of Debian that have it and its firmware
	MinVersion int      // the oldest major version that boots it; 0 for any
	Machine    []string // arguments that select the machine
	CPU        string   // the processor where it is emulated; "" for the default
	Memory     string   // as "512M"
	CPUs       int      // processors
	Bus        string   // the bus of the machine's virtio devices: "pci" or "ccw"
	Console    string   // the serial console's device
	Append     []string // further words of the kernel's command line
	Native     []string // Go's names of the architectures whose KVM runs it
}

// ConfigTarget returns the make target of a configuration. "defconfig" becomes a.Defconfig:
// on some architectures the kernel's own is for machines that QEMU does not emulate.
func (a Arch) ConfigTarget(name string) string {
	if name == "defconfig" {
		return a.Defconfig
	}
	return name
}

// Names returns the names of all architectures, in the table's order.
func Names() []string {
	var names []string
	for _, a := range All() {
		names = append(names, a.Name)
	}
	return names
}
