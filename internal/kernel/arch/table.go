package arch

// The compilers are Debian 13's (gcc 14); targets and paths are those of Linux
// 6.12 (arch/*/Makefile, arch/*/boot/Makefile); the QEMU arguments follow what
// kernel test labs use (tuxlava, ClangBuiltLinux/boot-utils).

// All returns every architecture. Each call returns a table of its own, so no caller can
// change it for others.
func All() []Arch {
	return []Arch{
		{
			Name: "amd64", Aliases: []string{"x86_64", "x86-64", "x64", "intel64", "em64t"},
			Kernel: "x86_64", Source: "x86", Cross: "x86_64-linux-gnu-", Clang: "x86_64-linux-gnu", Packages: []string{"gcc-x86-64-linux-gnu"},
			Defconfig: "x86_64_defconfig", Target: "bzImage", Image: "arch/x86/boot/bzImage",
			Magic: x86Magic(true),
			QEMU: QEMU{Binary: "qemu-system-x86_64", Packages: []string{"qemu-system-x86"}, Machine: []string{"-M", "q35"},
				Memory: "512M", CPUs: 2, Bus: "pci", Console: "ttyS0", Native: []string{"amd64"}},
			InitABI: []string{"CONFIG_64BIT=y"},
		},
		{
			Name: "386", Aliases: []string{"i386", "i486", "i586", "i686", "x86_32", "x86-32", "ia32"},
			Kernel: "i386", Source: "x86", Cross: "i686-linux-gnu-", Clang: "x86_64-linux-gnu", Packages: []string{"gcc-i686-linux-gnu"},
			Defconfig: "i386_defconfig", Target: "bzImage", Image: "arch/x86/boot/bzImage",
			Magic: x86Magic(false),
			QEMU: QEMU{Binary: "qemu-system-i386", Packages: []string{"qemu-system-x86"}, Machine: []string{"-M", "q35"}, CPU: "coreduo",
				Memory: "512M", CPUs: 2, Bus: "pci", Console: "ttyS0", Native: []string{"amd64", "386"}},
		},
		{
			Name: "arm64", Aliases: []string{"aarch64", "armv8", "arm64v8"},
			Kernel: "arm64", Source: "arm64", Cross: "aarch64-linux-gnu-", Clang: "aarch64-linux-gnu", Packages: []string{"gcc-aarch64-linux-gnu"},
			Defconfig: "defconfig", Target: "Image", Image: "arch/arm64/boot/Image",
			DeviceTrees: true,
			Magic:       Magic{{Offset: 0x38, Bytes: "ARM\x64"}}, // Documentation/arch/arm64/booting.rst
			QEMU: QEMU{Binary: "qemu-system-aarch64", Packages: []string{"qemu-system-arm"},
				Machine: []string{"-M", "virt,gic-version=max"}, CPU: "max,pauth-impdef=on",
				Memory: "512M", CPUs: 2, Bus: "pci", Console: "ttyAMA0", Append: []string{"earlycon"}, Native: []string{"arm64"}},
			InitABI: []string{"CONFIG_CPU_BIG_ENDIAN=n"},
		},
		{
			Name: "arm", Aliases: []string{"armv7", "armv7l", "armhf", "armv7hl", "armv7a", "arm32v7", "armv8l"},
			Kernel: "arm", Source: "arm", Cross: "arm-linux-gnueabihf-", Clang: "arm-linux-gnueabi", Packages: []string{"gcc-arm-linux-gnueabihf"},
			Defconfig: "multi_v7_defconfig", Target: "zImage", Image: "arch/arm/boot/zImage",
			DeviceTrees: true,
			Magic:       Magic{{Offset: 0x24, Bytes: "\x18\x28\x6f\x01"}}, // arch/arm/boot/compressed/head.S
			QEMU: QEMU{Binary: "qemu-system-arm", Packages: []string{"qemu-system-arm"}, Machine: []string{"-M", "virt,highmem=off"}, CPU: "cortex-a15",
				Memory: "512M", CPUs: 2, Bus: "pci", Console: "ttyAMA0"},
			GoEnv:   []string{"GOARM=7"},
			InitABI: []string{"CONFIG_CPU_BIG_ENDIAN=n", "CONFIG_VFP=y"},
		},
		{
			Name: "riscv64", Aliases: []string{"riscv", "rv64", "rv64gc", "riscv64gc"},
			Kernel: "riscv", Source: "riscv", Cross: "riscv64-linux-gnu-", Clang: "riscv64-linux-gnu", Packages: []string{"gcc-riscv64-linux-gnu"},
			Defconfig: "defconfig", Target: "Image", Image: "arch/riscv/boot/Image",
			DeviceTrees: true,
			Magic:       Magic{{Offset: 0x38, Bytes: "RSC\x05"}}, // Documentation/arch/riscv/boot-image-header.rst
			QEMU: QEMU{Binary: "qemu-system-riscv64", Packages: []string{"qemu-system-riscv", "opensbi"},
				Machine: []string{"-M", "virt", "-bios", "default"}, CPU: "rv64",
				Memory: "512M", CPUs: 2, Bus: "pci", Console: "ttyS0", Append: []string{"earlycon=sbi"}, Native: []string{"riscv64"}},
			InitABI: []string{"CONFIG_64BIT=y", "CONFIG_FPU=y"},
		},
		{
			Name: "ppc64le", Aliases: []string{"ppc64el", "powerpc64le", "powerpc64el"},
			Kernel: "powerpc", Source: "powerpc", Cross: "powerpc64le-linux-gnu-", Clang: "powerpc64le-linux-gnu", Packages: []string{"gcc-powerpc64le-linux-gnu"},
			Defconfig: "ppc64le_defconfig", Target: "vmlinux", Image: "vmlinux",
			Magic: elfMagic(64, little, 21),
			QEMU: QEMU{Binary: "qemu-system-ppc64", Packages: []string{"qemu-system-ppc"},
				Machine: []string{"-M", "pseries", "-vga", "none"}, CPU: "POWER8",
				Memory: "512M", CPUs: 2, Bus: "pci", Console: "hvc0", Native: []string{"ppc64le"}},
			InitABI: []string{"CONFIG_CPU_LITTLE_ENDIAN=y"},
		},
		{
			Name: "s390x", Aliases: []string{"s390"},
			Kernel: "s390", Source: "s390", Cross: "s390x-linux-gnu-", Clang: "s390x-linux-gnu", Packages: []string{"gcc-s390x-linux-gnu"},
			Defconfig: "defconfig", Target: "bzImage", Image: "arch/s390/boot/bzImage",
			Magic: Magic{{Offset: 0x10008, Bytes: "S390EP"}}, // arch/s390/boot/head.S
			QEMU: QEMU{Binary: "qemu-system-s390x", Packages: []string{"qemu-system-misc"},
				Machine: []string{"-M", "s390-ccw-virtio"}, CPU: "max",
				Memory: "512M", CPUs: 2, Bus: "ccw", Console: "ttysclp0", Native: []string{"s390x"}},
		},
		{
			Name: "mips", Aliases: []string{"mips32"},
			Kernel: "mips", Source: "mips", Cross: "mips-linux-gnu-", Clang: "mipsel-linux-gnu", Packages: []string{"gcc-mips-linux-gnu"},
			DeviceTrees: true,
			Defconfig:   "malta_defconfig", Target: "vmlinux", Image: "vmlinux",
			Magic: elfMagic(32, big, 8),
			QEMU: QEMU{Binary: "qemu-system-mips", Packages: []string{"qemu-system-mips"}, Machine: []string{"-M", "malta"}, CPU: "24Kf",
				Memory: "256M", CPUs: 1, Bus: "pci", Console: "ttyS0"},
			GoEnv:   []string{"GOMIPS=softfloat"},
			InitABI: []string{"CONFIG_CPU_BIG_ENDIAN=y", "CONFIG_64BIT=n"},
		},
		{
			Name: "loong64", Aliases: []string{"loongarch64", "loongarch"},
			Kernel: "loongarch", Source: "loongarch", Cross: "loongarch64-linux-gnu-", Clang: "loongarch64-linux-gnusf", Packages: []string{"gcc-loongarch64-linux-gnu"},
			Defconfig: "loongson3_defconfig", Target: "vmlinux.efi", Image: "arch/loongarch/boot/vmlinux.efi",
			DeviceTrees: true,
			Magic:       Magic{{Offset: 0, Bytes: "MZ"}, {Offset: 0x38, Bytes: "\xcd\x23\x82\x81"}}, // Documentation: arch/loongarch/kernel/head.S, LINUX_PE_MAGIC
			QEMU: QEMU{Binary: "qemu-system-loongarch64", Packages: []string{"qemu-system-misc"},
				MinVersion: 10, Machine: []string{"-M", "virt"}, CPU: "la464",
				Memory: "1G", CPUs: 2, Bus: "pci", Console: "ttyS0,115200", Native: []string{"loong64"}},
		},
	}
}
