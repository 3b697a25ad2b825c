package track

import (
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/kernel/release"
)

func TestTableOfTracking(t *testing.T) {
	at := func(text string) *release.Version {
		v, err := release.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return &v
	}
	soon, past := 30, -1
	tracking := Tracking{Kernels: []release.Status{
		{Kernel: "micro", Asked: "6.12", Locked: at("6.12.5"), Newest: at("6.12.8"), Behind: 3, Moniker: "longterm", End: "2026-12-31", DaysLeft: &soon, Todo: "go tool mage kernel:update -name=micro"},
		{Kernel: "old", Asked: "~> 5.4.0", Newest: at("5.4.300"), End: "2025-12-02", DaysLeft: &past, Ended: true, Warnings: []string{"kernel.org still lists 5.4"}},
		{Kernel: "gone", Asked: "6.11", Ended: true},
	}}
	want := `KERNEL  ASKED     LOCKED  NEWEST   BEHIND  LINE      END OF LIFE             TO DO
micro   6.12      6.12.5  6.12.8   3       longterm  2026-12-31, in 30 days  go tool mage kernel:update -name=micro
old     ~> 5.4.0  -       5.4.300  -       -         2025-12-02, ended       -
gone    6.11      -       -        -       -         ended                   -
warning: old: kernel.org still lists 5.4
`
	if got := tracking.String(); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}

func TestWarningOfADataSource(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for want, s := range map[string]DataSource{
		"": {What: "dates", Fetched: now},
		"dates: cannot be fetched, and no copy is cached: no route":                {What: "dates", Down: "no route"},
		"dates: using the copy from 1m30s ago; it cannot be fetched now: no route": {What: "dates", Down: "no route", Fetched: now.Add(-90 * time.Second)},
	} {
		if got := s.Warning(now); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
