package runner

import (
	"slices"
	"testing"
)

// TestOtherSources continues after failed builds: objects may be from every source that was
// compiled since the last build that succeeded.
func TestOtherSources(t *testing.T) {
	for _, c := range []struct {
		last State
		now  string
		want []string
	}{
		{State{Source: "plain"}, "plain", nil},
		{State{Source: "plain"}, "patched", []string{"plain"}},
		{State{Source: "broken", Since: "plain"}, "fixed", []string{"plain", "broken"}},
		{State{Source: "broken", Since: "plain"}, "plain", []string{"broken"}},
		{State{Source: "broken", Since: "plain fixed"}, "broken", []string{"plain", "fixed"}},
	} {
		if got := c.last.Others(c.now); !slices.Equal(got, c.want) {
			t.Errorf("%+v, now %s: got %v, want %v", c.last, c.now, got, c.want)
		}
	}
}
