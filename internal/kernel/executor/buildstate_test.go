package executor

import (
	"slices"
	"testing"
)

// TestOtherSources continues after failed builds: objects may be from every source that was
// compiled since the last build that succeeded.
func TestOtherSources(t *testing.T) {
	for _, c := range []struct {
		last buildState
		now  string
		want []string
	}{
		{buildState{Source: "plain"}, "plain", nil},
		{buildState{Source: "plain"}, "patched", []string{"plain"}},
		{buildState{Source: "broken", Since: "plain"}, "fixed", []string{"plain", "broken"}},
		{buildState{Source: "broken", Since: "plain"}, "plain", []string{"broken"}},
		{buildState{Source: "broken", Since: "plain fixed"}, "broken", []string{"plain", "fixed"}},
	} {
		if got := c.last.otherSources(c.now); !slices.Equal(got, c.want) {
			t.Errorf("%+v, now %s: got %v, want %v", c.last, c.now, got, c.want)
		}
	}
}
