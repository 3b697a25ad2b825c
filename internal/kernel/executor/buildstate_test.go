package executor

import (
	"slices"
	"testing"
)

// TestSourcesOfAnOutput goes on from builds that did not end: all that was compiled since
// the last whole one counts.
func TestSourcesOfAnOutput(t *testing.T) {
	for _, c := range []struct {
		last buildState
		now  string
		want []string
	}{
		{buildState{Source: "plain"}, "plain", nil},
		{buildState{Source: "plain"}, "patched", []string{"plain"}},
		{buildState{Source: "broken", Since: "plain"}, "mended", []string{"plain", "broken"}},
		{buildState{Source: "broken", Since: "plain"}, "plain", []string{"broken"}},
		{buildState{Source: "broken", Since: "plain mended"}, "broken", []string{"plain", "mended"}},
	} {
		if got := c.last.otherSources(c.now); !slices.Equal(got, c.want) {
			t.Errorf("%+v, now %s: got %v, want %v", c.last, c.now, got, c.want)
		}
	}
}
