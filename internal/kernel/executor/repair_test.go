package executor

import (
	"slices"
	"strings"
	"testing"
)

func TestPartialOutputs(t *testing.T) {
	got := partialOutputs(parseTimes(strings.Join([]string{
		"100.0 kernel/fork.o", "100.5 kernel/.fork.o.cmd", // complete
		"300.0 kernel/exit.o", "100.5 kernel/.exit.o.cmd", // rebuilt, .cmd file not yet written
		"495.0 kernel/pid.o", "495.2 kernel/.pid.o.cmd", // a later tool may still be running
		"100.0 fs/x.ko", "100.5 fs/.x.ko.cmd", // .cmd file written before it is complete
		"499.0 vmlinux.o", "500.0 include/config/auto.conf", "500.0 include/generated/utsrelease.h", "500.0 .config",
		"90.0 arch/x86/include/generated/asm/mmzone.h",
		"",
	}, "\n")))
	slices.Sort(got)
	if want := []string{"fs/x.ko", "kernel/.pid.o.cmd", "kernel/exit.o", "kernel/pid.o", "vmlinux.o"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
