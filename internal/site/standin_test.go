package site

import (
	"errors"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/fault"
)

// TestRejectedByAStandIn: the Nginx of a stand-in may lack what that of the base has, which the
// error says; no other error changes.
func TestRejectedByAStandIn(t *testing.T) {
	s := Site{Settings: Defaults()}
	rejection := func(fix string) error { return fault.New(fault.Usage, fix, "unknown directive") }
	standIn := base.Image{From: base.FromBootstrap}
	for name, c := range map[string]struct {
		err  error
		root base.Image
		told bool
	}{
		"stand-in":        {rejection(""), standIn, true},
		"base":            {rejection(""), base.Image{}, false},
		"a different fix": {rejection("write the value"), standIn, false},
		"the engine":      {fault.New(fault.Environment, "", "no engine"), standIn, false},
		"no fault":        {errors.New("x"), standIn, false},
	} {
		if got := s.withStandIn(c.err, c.root).Error(); strings.Contains(got, "if nginx:1.30-alpine-slim takes it") != c.told {
			t.Errorf("%s: %s", name, got)
		}
	}
}
