package kernel

import (
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
)

func TestPlanBuiltBeforeIsRestored(t *testing.T) {
	w := testWorks(t)
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
	e, err := w.Extract(t.Context(), again)
	if err != nil || e.Plan != first.Plan {
		t.Errorf("extracted %+v, %v", e, err)
	}
	if err := w.Engine.Tag(t.Context(), storeRepository+first.Plan, storeRepository+second.Plan); err != nil {
		t.Fatal(err)
	}
	mended, err := w.Build(t.Context(), two)
	if err != nil || !mended.Built {
		t.Errorf("what is kept under the plan's hash is another's, and yet: %+v, %v", mended, err)
	}
}

func TestLeastUsedResultGoesFirst(t *testing.T) {
	at := func(hour int) time.Time { return time.Date(2026, 11, 24, hour, 0, 0, 0, time.UTC) }
	images := []engine.Image{
		{ID: "new", Size: 4, Tagged: at(9), Tags: []string{storeRepository + "9"}},
		{ID: "in use", Size: 4, Tagged: at(1), Tags: []string{storeRepository + "1", resultTag("micro-6.12.1-amd64")}},
		{ID: "old", Size: 4, Tagged: at(2), Tags: []string{storeRepository + "2"}},
		{ID: "without a name", Size: 4, Tagged: time.Time{}},
	}
	for bytes, want := range map[int64]string{16: "", 15: "without a name", 9: "without a name old", 3: "without a name old new"} {
		var gone []string
		for _, i := range surplus(images, bytes) {
			gone = append(gone, i.ID)
		}
		if got := strings.Join(gone, " "); got != want {
			t.Errorf("%d bytes: removed %q, want %q", bytes, got, want)
		}
	}
}
