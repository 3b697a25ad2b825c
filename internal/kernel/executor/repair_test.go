package executor

import (
	"slices"
	"strings"
	"testing"
)

func TestUnfinished(t *testing.T) {
	got := partialOutputs(parseTimes(strings.Join([]string{
		"100.0 kernel/fork.o", "100.5 kernel/.fork.o.cmd", // whole
		"300.0 kernel/exit.o", "100.5 kernel/.exit.o.cmd", // made again, and not noted
		"495.0 kernel/pid.o", "495.2 kernel/.pid.o.cmd", // noted, but something may follow
		"100.0 fs/x.ko", "100.5 fs/.x.ko.cmd", // noted before it is whole
		"499.0 vmlinux.o", "500.0 include/config/auto.conf", "500.0 include/generated/utsrelease.h", "500.0 .config",
		"90.0 arch/x86/include/generated/asm/mmzone.h",
		"",
	}, "\n")))
	slices.Sort(got)
	if want := []string{"fs/x.ko", "kernel/.pid.o.cmd", "kernel/exit.o", "kernel/pid.o", "vmlinux.o"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
