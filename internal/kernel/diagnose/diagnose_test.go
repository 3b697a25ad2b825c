package diagnose

import (
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

func TestEachToolsMessagesAreRead(t *testing.T) {
	for _, tc := range []struct {
		line, tool, at, code, text string
		severity                   Severity
		cause                      fault.Cause
	}{
		{"/source/kernel/pid.c:42:7: error: expected ';' before 'return'", "gcc", "kernel/pid.c:42:7", "", "expected ';' before 'return'", Error, fault.Source},
		{"/source/kernel/pid.c:3:10: fatal error: linux/none.h: No such file or directory", "gcc", "kernel/pid.c:3:10", "", "linux/none.h: No such file or directory", Error, fault.Source},
		{"../kernel/pid.c:42:7: warning: unused variable 'x' [-Wunused-variable]", "gcc", "../kernel/pid.c:42:7", "-Wunused-variable", "unused variable 'x'", Warning, fault.Source},
		{"/source/lib/x.c:9:1: error: 'y' undeclared [-Werror=implicit]", "gcc", "lib/x.c:9:1", "-Werror=implicit", "'y' undeclared", Error, fault.Source},
		{"aarch64-linux-gnu-gcc: error: unrecognized command-line option '-mfoo'", "gcc", "", "", "unrecognized command-line option '-mfoo'", Error, fault.Toolchain},
		{"x86_64-linux-gnu-gcc: internal compiler error: Killed (program cc1)", "sh", "", "", "x86_64-linux-gnu-gcc: internal compiler error: Killed (program cc1)", Error, fault.Resources},
		{"/source/arch/x86/entry/entry.S:12: Error: no such instruction: `movz'", "as", "arch/x86/entry/entry.S:12", "", "no such instruction: `movz'", Error, fault.Source},
		{"{standard input}: Assembler messages:", "", "", "", "", "", ""},
		{"x86_64-linux-gnu-ld: kernel/pid.o: in function `pid_init':", "", "", "", "", "", ""},
		{"pid.c:(.init.text+0x1b): undefined reference to `no_such_function'", "ld", "pid.c", "", "undefined reference to `no_such_function'", Error, fault.Source},
		{"ld: /source/kernel/pid.c:600:(.init.text+0x1b): undefined reference to `f'", "ld", "kernel/pid.c:600", "", "undefined reference to `f'", Error, fault.Source},
		{"x86_64-linux-gnu-ld: cannot find -lelf: No such file or directory", "ld", "", "", "cannot find -lelf: No such file or directory", Error, fault.Source},
		{"x86_64-linux-gnu-ld: warning: arch/x86/lib/memcpy.o: missing .note.GNU-stack section", "ld", "", "", "arch/x86/lib/memcpy.o: missing .note.GNU-stack section", Warning, fault.Source},
		{"ld.lld: error: undefined symbol: no_such_function", "ld", "", "", "undefined symbol: no_such_function", Error, fault.Source},
		{"x86_64-linux-gnu-ld: kernel/fork.o: file not recognized: file truncated", "ld", "kernel/fork.o", "", "file not recognized: file truncated", Error, fault.Source},
		{"x86_64-linux-gnu-ld: final link failed: bad value", "ld", "", "", "final link failed: bad value", Error, fault.Source},
		{"kernel/pid.c:(.text+0x1b): relocation truncated to fit: R_X86_64_PC32 against `x'", "ld", "kernel/pid.c", "", "relocation truncated to fit: R_X86_64_PC32 against `x'", Error, fault.Source},
		{"x86_64-linux-gnu-gcc: fatal error: Killed signal terminated program cc1", "sh", "", "", "x86_64-linux-gnu-gcc: fatal error: Killed signal terminated program cc1", Error, fault.Resources},
		{"/source/scripts/Kconfig.include:40: Sorry, this C compiler is not supported.", "kconfig", "scripts/Kconfig.include:40", "", "Sorry, this C compiler is not supported.", Error, fault.Toolchain},
		{"kernel/Kconfig.preempt:7: syntax error", "kconfig", "kernel/Kconfig.preempt:7", "", "syntax error", Error, fault.Source},
		{"init/Kconfig:20: can't open file \"none/Kconfig\"", "kconfig", "init/Kconfig:20", "", "can't open file \"none/Kconfig\"", Error, fault.Source},
		{"lib/Kconfig:9:warning: choice value used outside its choice group", "kconfig", "lib/Kconfig:9", "", "choice value used outside its choice group", Warning, fault.Source},
		{".config:12:warning: symbol value 'm' invalid for TTY", "kconfig", ".config:12", "", "symbol value 'm' invalid for TTY", Warning, fault.Configuration},
		{`ERROR: modpost: "gone" [drivers/block/loop.ko] undefined!`, "modpost", "", "", `"gone" [drivers/block/loop.ko] undefined!`, Error, fault.Source},
		{"WARNING: modpost: vmlinux: section mismatch in reference", "modpost", "", "", "vmlinux: section mismatch in reference", Warning, fault.Source},
		{"vmlinux.o: warning: objtool: f+0x1: unreachable instruction", "objtool", "vmlinux.o", "", "f+0x1: unreachable instruction", Warning, fault.Source},
		{"Error: /source/arch/arm64/boot/dts/x.dts:12.3-4 syntax error", "dtc", "arch/arm64/boot/dts/x.dts:12:3", "", "syntax error", Error, fault.Source},
		{"/source/arch/arm/boot/dts/x.dts:5.1-9: Warning (unit_address_vs_reg): /node: has no reg", "dtc", "arch/arm/boot/dts/x.dts:5:1", "unit_address_vs_reg", "/node: has no reg", Warning, fault.Source},
		{"/bin/sh: 1: bc: not found", "sh", "", "", "bc: not found", Error, fault.Toolchain},
		{"make[2]: flex: No such file or directory", "make", "", "", "flex: No such file or directory", Error, fault.Toolchain},
		{"make[3]: *** No rule to make target 'kernel/none.o', needed by 'kernel/built-in.a'.  Stop.", "make", "", "", "No rule to make target 'kernel/none.o', needed by 'kernel/built-in.a'", Error, fault.Source},
		{"make[3]: *** [/source/scripts/Makefile.build:229: kernel/pid.o] Error 1", "", "", "", "", "", ""},
		{"/source/scripts/syscallhdr.sh: 86: echo: echo: I/O error", "sh", "", "", "echo: echo: I/O error", Error, fault.Resources},
		{"/bin/sh: 1: echo: echo: I/O error", "sh", "", "", "echo: echo: I/O error", Error, fault.Resources},
		{"/tmp/cc.s: fatal error: closing: No space left on device", "sh", "", "", "/tmp/cc.s: fatal error: closing: No space left on device", Error, fault.Resources},
		{"  CC      kernel/pid.o", "", "", "", "", "", ""},
	} {
		f, ok := read(tc.line, "/source/")
		if !ok {
			if tc.tool != "" {
				t.Errorf("not recognized: %s", tc.line)
			}
			continue
		}
		if f.Tool != tc.tool || f.At() != tc.at || f.Code != tc.code || f.Text != tc.text || f.Severity != tc.severity || f.cause != tc.cause {
			t.Errorf("%s\n is %+v", tc.line, f)
		}
	}
}

const broken = `  CC      kernel/pid.o
In file included from /source/kernel/pid.c:30:
/source/kernel/pid.c: In function 'pid_idr_init':
/source/kernel/pid.c:652:9: warning: unused variable 'x' [-Wunused-variable]
  652 |     int x;
      |         ^
/source/kernel/pid.c:656:20: error: expected ';' before 'idr_init'
  656 |     int broken
      |                ^
      |                ;
/source/kernel/pid.c:657:1: error: 'y' undeclared
make[4]: *** [/source/scripts/Makefile.build:229: kernel/pid.o] Error 1
make[3]: *** Waiting for unfinished jobs....
`

func TestFirstErrorIsShownWithItsContext(t *testing.T) {
	c := New("/source/")
	for line := range strings.Lines(broken) {
		c.Line(strings.TrimSuffix(line, "\n"))
	}
	f := c.Failure()
	const want = `2 errors; the first:
  kernel/pid.c:656:20: error: expected ';' before 'idr_init'
    656 |     int broken
        |                ^
        |                ;`
	if f.String() != want || f.Cause != fault.Source {
		t.Errorf("%s:\n%s", f.Cause, f)
	}
	if w := c.Warnings(); len(w) != 1 || w[0].Line != 652 || len(w[0].Context) != 4 {
		t.Errorf("warnings %+v", w)
	}
}

func TestLackOfMemoryTakesPrecedence(t *testing.T) {
	c := New("")
	c.Line("a.c:1:1: error: something")
	c.Line("gcc: internal compiler error: Killed (program cc1)")
	if f := c.Failure(); f.Cause != fault.Resources {
		t.Errorf("%+v", f)
	}
}

func TestWithoutErrorsTheLastLinesAreShown(t *testing.T) {
	c := New("")
	c.Line("something odd")
	c.Line("make: *** [Makefile:3: all] Error 3")
	if f := c.Failure(); f.First != nil || f.String() != "  something odd" {
		t.Errorf("%+v", f)
	}
}

func TestWarningsAreComparedWithoutLineNumbers(t *testing.T) {
	before := Parse([]string{"a.c:3:1: warning: old [-Wx]", "b.c:9:1: warning: not compiled [-Wx]", "vmlinux.o: warning: objtool: gone"})
	now := Parse([]string{"a.c:7:1: warning: old [-Wx]", "a.c:8:1: warning: new [-Wx]"})
	all := Carry(now, before, func(object string) bool { return object == "a.o" })
	if len(all) != 3 || all[2].File != "b.c" {
		t.Errorf("carried %+v", all)
	}
	if added := Added(all, before); len(added) != 1 || added[0].Text != "new" {
		t.Errorf("added %+v", added)
	}
}
