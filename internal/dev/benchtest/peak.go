// Package benchtest measures the memory of benchmarks of other packages.
package benchtest

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"testing"
)

// ResetPeak resets the kernel's record of this process' peak memory: what went before took
// some. Source: proc_pid_clear_refs(5).
func ResetPeak(b *testing.B) {
	b.Helper()
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		b.Fatal(err)
	}
}

// Peak returns the peak memory of this process since ResetPeak, in MiB.
func Peak(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	var kib float64
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	if _, err := fmt.Sscan(after, &kib); err != nil {
		b.Fatal(err)
	}
	return kib / 1024
}
