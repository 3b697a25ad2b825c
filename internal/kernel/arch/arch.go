// Package arch is the one table of everything that differs by architecture. No
// other place asks which architecture it has: it asks the architecture.
package arch

import (
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/util/suggest"
)

// Arch is one architecture that kernels are built for.
type Arch struct {
	Name      string   // Go's name
	Aliases   []string // the kernel's and the distributions' spellings
	Kernel    string   // ARCH=
	Source    string   // SRCARCH, its folder below arch/
	Cross     string   // CROSS_COMPILE=, as "aarch64-linux-gnu-"
	Clang     string   // what clang compiles for: CLANG_TARGET_FLAGS of the kernel's scripts/Makefile.clang
	Packages  []string // of Debian 13: the compiler, on an amd64 engine
	Defconfig string   // make target of the usual configuration
	Target    string   // make target of the image
	Image     string   // where that is in the output tree, in the form that QEMU boots
	Magic     Magic    // how its first bytes tell what it is
	QEMU      QEMU     // what it boots in
	// DeviceTrees says that its kernels may come with descriptions of boards.
	DeviceTrees bool
	GoEnv       []string // for Go programs that run on it, besides GOARCH
}

// QEMU says how a kernel of an architecture is booted.
type QEMU struct {
	Binary   string   // as "qemu-system-aarch64"
	Packages []string // of Debian that have it and its firmware
	MinVersion    int      // the oldest major version that boots it; 0 for any
	Machine  []string // arguments that choose the machine
	CPU      string   // the processor, where it is emulated; "" for the machine's own
	Memory   string   // as "512M"
	CPUs     int      // processors
	Bus      string   // what the machine's virtio devices hang on: "pci", "ccw"
	Console  string   // the serial console's device
	Append   []string // more words for the kernel's command line
	Native   []string // Go's names of the architectures whose KVM runs it
}

// Find gives an architecture by its name or any of its spellings, in any case. The
// error names the nearest known one.
func Find(name string) (Arch, error) {
	var known []string
	for _, a := range All() {
		if slices.ContainsFunc(append([]string{a.Name}, a.Aliases...), func(n string) bool { return strings.EqualFold(n, name) }) {
			return a, nil
		}
		known = append(append(known, a.Name), a.Aliases...)
	}
	hint := "known are " + strings.Join(Names(), ", ")
	if near, ok := suggest.Search(name, known, false); ok {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return Arch{}, fmt.Errorf("unknown architecture %q; %s", name, hint)
}

// ConfigTarget gives the make target of a configuration: "defconfig" is that of machines
// which QEMU has, where the kernel's own is of others.
func (a Arch) ConfigTarget(name string) string {
	if name == "defconfig" {
		return a.Defconfig
	}
	return name
}

// Names gives the names of all architectures, in the table's order.
func Names() []string {
	var names []string
	for _, a := range All() {
		names = append(names, a.Name)
	}
	return names
}
