package track

import (
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
)

// entry returns the entry of a lock for a version and the constraint that it was made for.
func entry(t *testing.T, asked, version string) Locked {
	t.Helper()
	v, err := release.Parse(version)
	if err != nil {
		t.Fatal(err)
	}
	return Locked{Name: "k", Asked: asked, Version: v, SHA256: "aa"}
}

func TestSatisfies(t *testing.T) {
	for _, tc := range []struct {
		asked, version, constraint string
		want                       bool
	}{
		{"6.12", "6.12.5", "6.12", true},
		{"6.12", "6.12.5", ">= 6.6", true},
		{"6.12", "6.12.5", "6.13", false},
		{"longterm", "6.12.5", "longterm", true},
		{"6.12", "6.12.5", "longterm", false}, // the same release may be of a different line today
	} {
		c, err := release.ParseConstraint(tc.constraint)
		if err != nil {
			t.Fatal(err)
		}
		if got := entry(t, tc.asked, tc.version).Satisfies(c); got != tc.want {
			t.Errorf("%s, locked for %s, satisfies %s: %v", tc.version, tc.asked, tc.constraint, got)
		}
	}
}

func TestCheckReplace(t *testing.T) {
	old := entry(t, "6.12", "6.12.5")
	for version, older := range map[string]bool{"6.12.8": false, "6.12.5": false, "6.12.4": true} {
		next := entry(t, "6.12", version)
		if err := old.checkReplace(next, false); (trust.StateOf(err) == trust.Older) != older || (err != nil) != older {
			t.Errorf("%s: %v", version, err)
		}
		if err := old.checkReplace(next, true); err != nil {
			t.Errorf("%s, with downgrade: %v", version, err)
		}
		if err := (Locked{}).checkReplace(next, false); err != nil {
			t.Errorf("%s, not locked: %v", version, err)
		}
	}
}

func TestWithKeepsTheOrder(t *testing.T) {
	lock := Lock{Kernels: []Locked{{Name: "a"}, {Name: "k"}, {Name: "z"}}}
	next := entry(t, "6.12", "6.12.8")
	got := lock.with(next)
	if len(got.Kernels) != 3 || got.Kernels[1] != next || lock.Kernels[1] == next {
		t.Errorf("replaced: %+v; before: %+v", got, lock)
	}
	if got = (Lock{}).with(next); len(got.Kernels) != 1 || got.Kernels[0] != next {
		t.Errorf("appended: %+v", got)
	}
}
