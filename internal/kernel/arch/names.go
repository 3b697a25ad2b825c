package arch

import (
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/util/suggest"
)

// Find returns the architecture that a name means: a name or alias of the table in upper or
// lower case, a platform ("linux/arm64/v8"), or a triple ("aarch64-unknown-linux-gnu"). A
// name of several architectures is an error that names them; any other error lists what is
// known and suggests the most similar one.
func Find(name string) (Arch, error) {
	switch found := Meanings(name); len(found) {
	case 0:
		return Arch{}, unknown(name)
	case 1:
		return found[0], nil
	default:
		return Arch{}, fmt.Errorf("architecture %q can be %s: name one of them", name, either(found))
	}
}

// Meanings returns the architectures that a name can mean: more than one for the name of a
// folder below arch/ in the kernel's tree that they share, as "x86"; none for an unknown one.
func Meanings(name string) (found []Arch) {
	name = cpu(name)
	for _, a := range All() {
		if slices.Contains(append([]string{a.Name}, a.Aliases...), name) {
			return []Arch{a}
		}
		if a.Source == name && !slices.Contains(families(), name) {
			found = append(found, a)
		}
	}
	return found
}

// families are the folders below arch/ that have more architectures than the table: their
// names do not say which is meant.
func families() []string { return []string{"powerpc"} }

// cpu returns the part of a platform or triple that names the architecture, in lower case.
func cpu(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	platform, ok := strings.CutPrefix(name, "linux/")
	if ok || strings.HasPrefix(name, "arm/v") || name == "arm64/v8" { // as registries write a platform without its system
		return strings.NewReplacer("arm64/v8", "arm64", "arm/v", "armv", "amd64/v1", "amd64").Replace(platform)
	}
	if first, rest, ok := strings.Cut(name, "-"); ok && slices.Contains(strings.Split(rest, "-"), "linux") {
		return first
	}
	return name
}

// unknown returns the error about a name that means no architecture of the table.
func unknown(name string) error {
	list := "expected one of " + strings.Join(Names(), ", ")
	if why, ok := foreign()[cpu(name)]; ok {
		return fmt.Errorf("unsupported architecture %q: %s; %s", name, why, list)
	}
	var known []string
	for _, a := range All() {
		known = append(append(known, a.Name), a.Aliases...)
	}
	if near, ok := suggest.Search(cpu(name), known, false); ok {
		return fmt.Errorf("unknown architecture %q; did you mean %q? %s", name, near, list)
	}
	return fmt.Errorf("unknown architecture %q; %s", name, list)
}

// foreign returns, by their names, architectures whose names are similar to those of the
// table, and what is different about them.
func foreign() map[string]string {
	const (
		bigARM    = "it is big-endian, and arm64 is little-endian"
		oldARM    = "arm is built for ARMv7 with hardware floating point"
		bigPower  = "it has other machines than ppc64le, which is 64-bit and little-endian"
		otherMIPS = "mips is 32-bit and big-endian"
	)
	return map[string]string{
		"aarch64_be": bigARM, "arm64be": bigARM, "arm64_be": bigARM, "arm64_32": "arm64 is 64-bit", "arm64ilp32": "arm64 is 64-bit",
		"armel": oldARM, "armv4": oldARM, "armv5": oldARM, "armv5te": oldARM, "armv5tel": oldARM, "arm32v5": oldARM, "arm32v6": oldARM, "armv6": oldARM, "armv6l": oldARM, "armv6hl": oldARM, "armeb": oldARM,
		"powerpc": bigPower, "ppc": bigPower, "ppc64": bigPower, "powerpc64": bigPower, "ppc32": bigPower, "ppcle": bigPower, "powerpcle": bigPower,
		"mipsel": otherMIPS, "mipsle": otherMIPS, "mips64": otherMIPS, "mips64el": otherMIPS, "mips64le": otherMIPS, "mipsn32": otherMIPS,
		"riscv32": "riscv64 is 64-bit", "rv32": "riscv64 is 64-bit", "rv32gc": "riscv64 is 64-bit",
		"x32": "it is an ABI of programs, not of kernels: its kernel is amd64's", "ia64": "it is Itanium, not amd64", "loongarch32": "loong64 is 64-bit",
		"alpha": "Kiln has no toolchain for it", "sparc64": "Kiln has no toolchain for it", "hppa": "Kiln has no toolchain for it", "m68k": "Kiln has no toolchain for it",
	}
}

// either lists architectures as alternatives: "amd64 (x86_64) or 386 (i386)".
func either(list []Arch) string {
	var names []string
	for _, a := range list {
		names = append(names, fmt.Sprintf("%s (%s)", a.Name, a.Kernel))
	}
	return strings.Join(names, " or ")
}
