package result

import (
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
)

func TestSurplusIsTheLeastRecentlyUsed(t *testing.T) {
	at := func(hour int) time.Time { return time.Date(2026, 11, 24, hour, 0, 0, 0, time.UTC) }
	images := []engine.Image{
		{ID: "new", Size: 4, Tagged: at(9), Tags: []string{storeRepository + "9"}},
		{ID: "current", Size: 4, Tagged: at(1), Tags: []string{storeRepository + "1", Tag("micro-6.12.1-amd64")}},
		{ID: "old", Size: 4, Tagged: at(2), Tags: []string{storeRepository + "2"}},
		{ID: "without a tag", Size: 4, Tagged: time.Time{}},
	}
	for bytes, want := range map[int64]string{16: "", 15: "without a tag", 9: "without a tag old", 3: "without a tag old new"} {
		var removed []string
		for _, i := range surplus(images, bytes) {
			removed = append(removed, i.ID)
		}
		if got := strings.Join(removed, " "); got != want {
			t.Errorf("%d bytes: removed %q, want %q", bytes, got, want)
		}
	}
}

func TestReplacedImagesHaveLostTheirNames(t *testing.T) {
	now := time.Now()
	others, replaced := named([]engine.Image{{ID: "named", Tags: []string{Tag("a")}, Tagged: now}, {ID: "being imported"}, {ID: "replaced", Tagged: now}})
	if len(others) != 2 || len(replaced) != 1 || replaced[0].ID != "replaced" {
		t.Errorf("others %v, replaced %v", others, replaced)
	}
}
