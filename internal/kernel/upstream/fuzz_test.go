package upstream

import (
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
)

// FuzzChecksums checks that every release that a list is said to have can be looked up in it.
func FuzzChecksums(f *testing.F) {
	sum := strings.Repeat("0a", 32)
	f.Add(sum + "  linux-6.12.7.tar.gz\n" + sum + "  linux-6.12.7.tar.xz\r\n" + sum + "  linux-6.12.8.tar.xz\n")
	f.Add(sum + "  linux-6.12.7.tar.\n" + sum + "  linux-.tar.gz\n" + sum + "  linux-99999999999999999999.1.tar.gz\n" + sum + "  patch-6.12.xz")
	f.Add(sum + "  linux-2.6.39.4.tar.gz\n" + sum + " linux-v6.1.tar.gz\n" + sum + "  linux-v6.1.tar.gz\n")
	f.Fuzz(func(t *testing.T, text string) {
		sums := Checksums{files: parseSums(text)}
		for _, v := range sums.Versions() {
			if listed, err := sums.Of(v); err != nil || len(listed.SHA256) != 64 || !strings.Contains(text, listed.Name) || trust.StateOf(err) != trust.Verified {
				t.Errorf("%s: %+v, %v", v, listed, err)
			}
		}
	})
}
