package upstream_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/upstream"
)

// TestAddressWithAPasswordIsRefused requires also that the fault does not show the password.
func TestAddressWithAPasswordIsRefused(t *testing.T) {
	for _, tc := range []struct{ address, fault string }{
		{"https://mirror.example/linux", ""},
		{"http://127.0.0.1:8080", ""},
		{"mirror.example", `expected a URL as https://host/path, got "mirror.example"`},
		{"ftp://mirror.example/linux", `expected a URL as https://host/path, got "ftp://mirror.example/linux"`},
		{"https://me:s3cret@mirror.example/linux", "expected a URL without user name or password"},
		{"https://s3cret@mirror.example/linux", "expected a URL without user name or password"},
		{"https://me:s3cret%zz@mirror.example/linux", "expected a URL without user name or password"},
	} {
		for key, set := range map[string]func(*upstream.Config){
			"releases": func(c *upstream.Config) { c.Releases = tc.address },
			"sums":     func(c *upstream.Config) { c.Sums = tc.address },
			"mirrors":  func(c *upstream.Config) { c.Mirrors = []string{tc.address} },
		} {
			c := upstream.Default()
			set(&c)
			got := ""
			c.Check(func(key, format string, args ...any) {
				got += strings.TrimSuffix(key, "[0]") + ": " + fmt.Sprintf(format, args...)
			})
			want := ""
			if tc.fault != "" {
				want = key + ": " + tc.fault
			}
			if !strings.HasPrefix(got, want) || want == "" && got != "" || strings.Contains(got, "s3cret") {
				t.Errorf("%s = %q: %q, want %q", key, tc.address, got, want)
			}
		}
	}
}
