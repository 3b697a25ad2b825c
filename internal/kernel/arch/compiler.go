package arch

import "fmt"

// The compilers that kernels are built with.
const (
	GCC  = "gcc"
	LLVM = "llvm"
)

// Compiler is what compiles and links for an architecture.
type Compiler struct {
	Name     string   // GCC or LLVM
	CC       string   // as "aarch64-linux-gnu-gcc"
	LD       string   // as "aarch64-linux-gnu-ld"
	Tools    string   // how the names of ar, nm and objcopy begin: "aarch64-linux-gnu-"
	Packages []string // of Debian 13
	Env      []string // what tells the kernel's Makefile (Documentation/kbuild/llvm.rst)
	Flags    string   // what that gives to clang, in CLANG_FLAGS, to say what it compiles for; "" for gcc
	Image    string   // names the image that has it
	// Content are commands that print the files which decide what an object becomes.
	Content [][]string
}

// Compiler gives the compiler of that name for the architecture; "" is GCC. LLVM
// compiles for all from the same programs.
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
	return Compiler{}, fmt.Errorf("unknown toolchain %q; known are %s and %s", name, GCC, LLVM)
}

// clangStrict has clang fail at what it does not know, as gcc does (scripts/Makefile.clang).
const clangStrict = " -fintegrated-as -Werror=unknown-warning-option -Werror=ignored-optimization-argument" +
	" -Werror=option-ignored -Werror=unused-command-line-argument"
