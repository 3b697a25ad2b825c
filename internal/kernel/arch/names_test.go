package arch

import (
	"strings"
	"testing"
)

// TestFind has the spellings of Go, the kernel, the distributions, compilers and container
// registries.
func TestFind(t *testing.T) {
	for want, spellings := range map[string]string{
		"amd64":   "amd64 x86_64 X86_64 x86-64 x64 linux/amd64 x86_64-linux-gnu x86_64-unknown-linux-musl",
		"386":     "386 i386 i686 x86_32 linux/386 i686-linux-gnu i586-unknown-linux-gnu",
		"arm64":   "arm64 aarch64 AArch64 arm64v8 linux/arm64 linux/arm64/v8 arm64/v8 aarch64-linux-gnu aarch64-unknown-linux-gnu",
		"arm":     "arm armhf armv7 armv7l arm32v7 linux/arm/v7 arm/v7 arm-linux-gnueabihf armv7-unknown-linux-gnueabihf",
		"riscv64": "riscv64 riscv riscv64gc riscv64gc-unknown-linux-gnu linux/riscv64",
		"ppc64le": "ppc64le ppc64el powerpc64le powerpc64le-linux-gnu",
		"s390x":   "s390x s390 s390x-ibm-linux-gnu",
		"mips":    "mips mips32 mips-linux-gnu",
		"loong64": "loong64 loongarch64 loongarch loongarch64-unknown-linux-gnu",
	} {
		for _, spelling := range append(strings.Fields(spellings), " "+want+" ") {
			if a, err := Find(spelling); err != nil || a.Name != want {
				t.Errorf("Find(%q) = %s, %v; want %s", spelling, a.Name, err, want)
			}
		}
	}
}

// TestNamesOfOtherArchitectures checks that no name is taken for a different architecture in
// silence.
func TestNamesOfOtherArchitectures(t *testing.T) {
	for name, want := range map[string]string{
		"x86":                `architecture "x86" can be amd64 (x86_64) or 386 (i386): name one of them`,
		"powerpc":            "ppc64le, which is 64-bit",
		"ppc64":              "ppc64le, which is 64-bit",
		"mipsel":             "32-bit and big-endian",
		"linux/arm/v6":       "ARMv7",
		"arm/v6":             "ARMv7",
		"armel":              "ARMv7",
		"aarch64_be":         "big-endian",
		"riscv32":            "64-bit",
		"arm46":              `did you mean "arm64"? expected one of amd64, 386, arm64`,
		"amd46":              `did you mean "amd64"?`,
		"vax":                "expected one of amd64, 386, arm64, arm, riscv64, ppc64le, s390x, mips, loong64",
		"arm-none-eabi":      "expected one of",
		"":                   "expected one of",
		"windows/amd64":      "expected one of",
		"sparc64-linux":      "no toolchain",
		"x86_64-w64-mingw32": "expected one of",
	} {
		if a, err := Find(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %s, %v; want %q", name, a.Name, err, want)
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, name := range append(Names(), "x86", "linux/arm/v7", "aarch64-unknown-linux-gnu", "", "-", "linux/") {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		a, err := Find(name)
		if (err == nil) != (a.Name != "") {
			t.Errorf("Find(%q) = %q, %v", name, a.Name, err)
		}
		if found := Meanings(name); err == nil && (len(found) != 1 || found[0].Name != a.Name) {
			t.Errorf("Meanings(%q) = %v, Find %s", name, found, a.Name)
		}
	})
}
