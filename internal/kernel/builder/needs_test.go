//go:build full

package builder

import (
	"slices"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/boot"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// TestKernelsWithoutWhatInitNeeds builds the least kernel without each of the options by which
// the first program waits: nothing is booted.
func TestKernelsWithoutWhatInitNeeds(t *testing.T) {
	for _, option := range []string{"CONFIG_EPOLL", "CONFIG_FUTEX", "CONFIG_EVENTFD"} {
		t.Run(option, func(t *testing.T) {
			options := slices.DeleteFunc(slices.Clone(leastConfig), func(o string) bool { return strings.HasPrefix(o, option+"=") })
			s := smallSpec(t, spec.Table{Config: append(options, "# "+option+" is not set")}, "")
			b, folder := buildAndExtract(t, s)
			t.Cleanup(func() { removeKernel(t, b, s) })
			r, err := booter(b).Boot(t.Context(), folder, boot.Limits{})
			if err != nil || r.Verdict != boot.Untestable || r.Why != "the first program needs "+option || fault.Code(r.Err()) != int(fault.Usage) {
				t.Errorf("%s, %v", r, err)
			}
		})
	}
}

// TestKernelWithoutPrintk boots a kernel that prints nothing itself: the first program does.
func TestKernelWithoutPrintk(t *testing.T) {
	options := slices.DeleteFunc(slices.Clone(leastConfig), func(o string) bool { return o == "CONFIG_PRINTK=y" })
	s := smallSpec(t, spec.Table{Config: append(options, "# CONFIG_PRINTK is not set")}, warnPatch)
	b, folder := buildAndExtract(t, s)
	t.Cleanup(func() { removeKernel(t, b, s) })
	r, err := booter(b).Boot(t.Context(), folder, boot.Limits{})
	t.Logf("%+v %v", r, err)
}
