package builder

import (
	"strings"
	"testing"
)

func TestPlanBuiltBeforeIsRestored(t *testing.T) {
	w := testBuilder(t)
	one, two := fixtureSpec(t, w, "CONFIG_ONE=y"), fixtureSpec(t, w, "CONFIG_TWO=y")
	first, err := w.Build(t.Context(), one)
	if err != nil {
		t.Fatal(err)
	}
	second, err := w.Build(t.Context(), two)
	if err != nil || !second.Built || second.Why != "configuration: +CONFIG_TWO=y, -CONFIG_ONE=y" {
		t.Fatalf("%+v, %v", second, err)
	}
	again, err := w.Build(t.Context(), one)
	if err != nil || again.Built || !strings.HasPrefix(again.Why, "restored") {
		t.Fatalf("%+v, %v", again, err)
	}
	e, err := w.Folder.Extract(t.Context(), again)
	if err != nil || e.Plan != first.Plan {
		t.Errorf("extracted %+v, %v", e, err)
	}
	if err := w.Engine.Tag(t.Context(), "kiln/kept:"+first.Plan, "kiln/kept:"+second.Plan); err != nil {
		t.Fatal(err)
	}
	mended, err := w.Build(t.Context(), two)
	if err != nil || !mended.Built {
		t.Errorf("what is kept under the plan's hash is another's, and yet: %+v, %v", mended, err)
	}
}
