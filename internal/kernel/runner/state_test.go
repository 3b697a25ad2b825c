package runner

import (
	"slices"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
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

// TestRebuildReason compares a tree with plans that differ from the one that it was made from.
func TestRebuildReason(t *testing.T) {
	p := plan.Plan{Source: plan.Source{Version: "6.12.1"}, Env: []string{"A=b"}, Steps: []plan.Step{
		{Name: "tinyconfig", Phase: plan.Configure}, {Name: "compile", Phase: plan.Compile, Argv: []string{"make"}},
	}}
	tree := State{Toolchain: p.Toolchain.Identity(), Commands: p.CommandsHash(), Series: "6.12"}
	for want, change := range map[string]func(*plan.Plan){
		"":                                 func(p *plan.Plan) { p.Steps = append([]plan.Step{{Phase: plan.Configure}}, p.Steps...) },
		"toolchain changed":                func(p *plan.Plan) { p.Toolchain.Packages = []string{"gcc=15"} },
		"files changed":                    func(p *plan.Plan) { p.Files = []plan.File{{Path: "a"}} },
		"the commands of a build changed":  func(p *plan.Plan) { p.Env = []string{"A=c"} },
		"series changed from 6.12 to 6.13": func(p *plan.Plan) { p.Source.Version = "6.13.1" },
	} {
		q := p
		change(&q)
		if got := tree.RebuildReason(q); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	q := p
	q.Steps = []plan.Step{p.Steps[0], {Name: "compile", Phase: plan.Compile, Argv: []string{"sh"}}}
	if got := tree.RebuildReason(q); got != "the commands of a build changed" {
		t.Errorf("another command: %q", got)
	}
}
