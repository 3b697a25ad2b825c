package result

import (
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

func TestOutcome(t *testing.T) {
	p := plan.Plan{Name: "micro", Version: "6.12.5", Arch: "amd64"}
	r := Of(p)
	if r.Plan != p.Hash() || r.Folder() != p.Folder() {
		t.Errorf("result %+v of plan %s", r, p.Folder())
	}
	r.Why = "nothing changed"
	if got := r.String(); got != "kiln/kernel:micro-6.12.5-amd64: nothing changed" {
		t.Errorf("got %q", got)
	}
	r.Built, r.Seconds = true, 90
	if got := r.Outcome(); got != "built in 1m30s" {
		t.Errorf("got %q", got)
	}
}
