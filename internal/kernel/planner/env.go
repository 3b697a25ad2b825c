package planner

import (
	"slices"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// environment returns the variables that the commands see and that decide the result.
// User and host are fixed, as the kernel records both. It records the time too: that is
// the source's, which TimeEnv adds when the source is fetched.
func environment(s spec.Spec) []string {
	return slices.Concat([]string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/tmp", "LC_ALL=C", "TZ=UTC",
		"ARCH=" + s.Arch.Kernel,
	}, s.Compiler.Env, []string{
		"KBUILD_BUILD_USER=kiln", "KBUILD_BUILD_HOST=kiln", "KBUILD_BUILD_VERSION=1",
		"LOCALVERSION=", // set, even empty, it keeps scripts/setlocalversion from adding "+"
	})
}

// kconfigEnvironment returns the variables that the kernel's top Makefile exports to the tools
// that read Kconfig files, besides the compiler's own text.
func kconfigEnvironment(s spec.Spec) []string {
	c := s.Compiler
	return []string{
		"srctree=" + plan.SourceDir, "SRCARCH=" + s.Arch.Source, "CC=kiln-cc " + c.CC,
		"LD=" + c.LD, "AR=" + c.Tools + "ar", "NM=" + c.Tools + "nm", "OBJCOPY=" + c.Tools + "objcopy",
		"HOSTCC=gcc", "PAHOLE=pahole", "RUSTC=rustc", "BINDGEN=bindgen", "CLANG_FLAGS=" + c.Flags,
	}
}
