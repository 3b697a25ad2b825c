package builder

import (
	"errors"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/engine"
)

func TestPlanBuiltBeforeIsRestored(t *testing.T) {
	b := testBuilder(t)
	one, two := fixtureSpec(t, b, "CONFIG_ONE=y"), fixtureSpec(t, b, "CONFIG_TWO=y")
	first, err := b.Build(t.Context(), one)
	if err != nil {
		t.Fatal(err)
	}
	second, err := b.Build(t.Context(), two)
	if err != nil || !second.Built || second.Why != "configuration: +CONFIG_TWO=y, -CONFIG_ONE=y" {
		t.Fatalf("%+v, %v", second, err)
	}
	image, err := b.Engine.FindImage(t.Context(), second.Image)
	if err != nil {
		t.Fatal(err)
	}
	again, err := b.Build(t.Context(), one)
	if err != nil || again.Built || !strings.HasPrefix(again.Why, "restored") {
		t.Fatalf("%+v, %v", again, err)
	}
	e, err := b.Folder.Extract(t.Context(), again)
	if err != nil || e.Plan != first.Plan {
		t.Errorf("extracted %+v, %v", e, err)
	}
	if err := b.Engine.Tag(t.Context(), "kiln/kept:"+first.Plan, "kiln/kept:"+second.Plan); err != nil {
		t.Fatal(err)
	}
	found, err := b.Build(t.Context(), two)
	if err != nil || found.Built || !strings.HasPrefix(found.Why, "the same configuration was built before") {
		t.Fatalf("the stored result has a different plan, and the own one is found by its second key: %+v, %v", found, err)
	}
	if m := manifestOf(t, b, found); m.Plan != second.Plan || configOf(t, b, found) != "CONFIG_TINY=y\nCONFIG_TWO=y\n" {
		t.Errorf("found %+v", m)
	}
	if _, err := b.Engine.FindImage(t.Context(), image.ID); !errors.Is(err, engine.ErrNoImage) {
		t.Errorf("the image whose names this one took is still there: %v", err)
	}
}
