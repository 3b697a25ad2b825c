//go:build full

package builder

import (
	"slices"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/boot"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// leastWithout returns the least kernel that can be tested without one option. All are built in
// one output tree.
func leastWithout(t *testing.T, option, patch string) spec.Spec {
	t.Helper()
	options := slices.DeleteFunc(slices.Clone(leastConfig), func(o string) bool { return o == option+"=y" })
	return smallSpec(t, spec.Table{Config: append(options, "# "+option+" is not set")}, patch)
}

// TestKernelsWithoutWhatInitNeeds builds the least kernel without each of the options by which
// the first program waits: nothing is booted. Without printk it boots, but only the first
// program prints.
func TestKernelsWithoutWhatInitNeeds(t *testing.T) {
	removeKernel(t, testBuilder(t), leastWithout(t, "CONFIG_PRINTK", ""))
	t.Cleanup(func() { removeKernel(t, testBuilder(t), leastWithout(t, "CONFIG_PRINTK", "")) })
	t.Run("CONFIG_PRINTK", func(t *testing.T) {
		b, folder := buildAndExtract(t, leastWithout(t, "CONFIG_PRINTK", warnPatch))
		r, err := booter(b).Boot(t.Context(), folder, boot.Limits{})
		if err != nil || r.Verdict != boot.Booted || len(r.Warnings) > 0 {
			t.Fatalf("%s, %v, warnings %q", r, err, r.Warnings)
		}
		if last := r.Checks[len(r.Checks)-1]; last.Name != "warnings" || last.State != "absent" {
			t.Errorf("the kernel warns, and prints nothing: %+v", r.Checks)
		}
	})
	for _, option := range []string{"CONFIG_EPOLL", "CONFIG_FUTEX", "CONFIG_EVENTFD"} {
		t.Run(option, func(t *testing.T) {
			b, folder := buildAndExtract(t, leastWithout(t, option, ""))
			r, err := booter(b).Boot(t.Context(), folder, boot.Limits{})
			if err != nil || r.Verdict != boot.Untestable || r.Why != "the first program needs "+option || fault.Code(r.Err()) != int(fault.Usage) {
				t.Errorf("%s, %v", r, err)
			}
		})
	}
}
