package kernel

import (
	"slices"
	"testing"
)

// TestSourcesOfAnOutput goes on from builds that did not end: all that was compiled since
// the last whole one counts.
func TestSourcesOfAnOutput(t *testing.T) {
	for _, c := range []struct {
		last origin
		now  string
		want []string
	}{
		{origin{Source: "plain"}, "plain", nil},
		{origin{Source: "plain"}, "patched", []string{"plain"}},
		{origin{Source: "broken", Since: "plain"}, "mended", []string{"plain", "broken"}},
		{origin{Source: "broken", Since: "plain"}, "plain", []string{"broken"}},
		{origin{Source: "broken", Since: "plain mended"}, "broken", []string{"plain", "mended"}},
	} {
		if got := c.last.others(c.now); !slices.Equal(got, c.want) {
			t.Errorf("%+v, now %s: got %v, want %v", c.last, c.now, got, c.want)
		}
	}
}
