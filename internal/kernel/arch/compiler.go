package arch

import "fmt"

// The compilers that kernels are built with.
const (
	GCC  = "gcc"
	LLVM = "llvm"
)

// Compiler is the compiler and linker for an architecture.
type Compiler struct {
	Name     string   // GCC or LLVM
	CC       string   // as "aarch64-linux-gnu-gcc"
	LD       string   // as "aarch64-linux-gnu-ld"
	Tools    string   // prefix of ar, nm and objcopy, as "aarch64-linux-gnu-"
	Packages []string // of Debian 13
	Env      []string // for the kernel's Makefile (Documentation/kbuild/llvm.rst)
	Flags    string   // the CLANG_FLAGS that select the target; "" for gcc
	Image    string   // name of the toolchain image that has it
	// Content are commands that print the paths of the programs that determine an object's
	// content.
	Content [][]string
}

// Compiler returns the compiler of that name for the architecture; "" is GCC. LLVM uses
// the same programs for all architectures.
func (a Arch) Compiler(name string) (Compiler, error) {
	host := []string{"gcc", "-print-prog-name=cc1"}
	switch name {
	case "", GCC:
		return Compiler{
			Name: GCC, CC: a.Cross + "gcc", LD: a.Cross + "ld", Tools: a.Cross, Packages: a.Packages, Image: a.Name,
			Env: []string{"CROSS_COMPILE=" + a.Cross},
			Content: [][]string{
				{a.Cross + "gcc", "-print-prog-name=cc1"}, host, {"which", a.Cross + "gcc", a.Cross + "as", "gcc", "as"},
			},
		}, nil
	case LLVM:
		return Compiler{
			Name: LLVM, CC: "clang", LD: "ld.lld", Tools: "llvm-", Packages: []string{"clang", "lld", "llvm"}, Image: LLVM,
			Env: []string{"LLVM=1"}, Flags: "--target=" + a.Clang + clangStrict,
			Content: [][]string{
				{"find", "/usr/lib", "-name", "libLLVM*.so*", "-o", "-name", "libclang-cpp*.so*"}, host, {"which", "clang", "ld.lld", "gcc", "as"},
			},
		}, nil
	}
	return Compiler{}, fmt.Errorf("unknown toolchain %q; expected %s or %s", name, GCC, LLVM)
}

// clangStrict makes clang fail on unknown options, as gcc does (scripts/Makefile.clang).
const clangStrict = " -fintegrated-as -Werror=unknown-warning-option -Werror=ignored-optimization-argument" +
	" -Werror=option-ignored -Werror=unused-command-line-argument"
