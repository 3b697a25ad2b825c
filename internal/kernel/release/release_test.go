package release

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func parse(t *testing.T, name string) Version {
	t.Helper()
	v, err := Parse(name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestOrder(t *testing.T) {
	ordered := []string{"2.6.39.4", "4.9.337", "6.6.9", "6.6.10", "7.1-rc3", "7.1", "7.1.1", "7.3-rc9", "7.3-rc10", "7.3"}
	var versions []Version
	for _, name := range ordered {
		versions = append(versions, parse(t, name))
	}
	rand.Shuffle(len(versions), func(i, j int) { versions[i], versions[j] = versions[j], versions[i] })
	slices.SortFunc(versions, Version.Compare)
	for i, v := range versions {
		if v.String() != ordered[i] {
			t.Fatalf("place %d: got %s, want %s", i, v, ordered[i])
		}
	}
}

func TestNamesAreKept(t *testing.T) {
	for in, want := range map[string]string{"7.3": "7.3", "v7.3-rc4": "7.3-rc4", "6.12.117": "6.12.117"} {
		if got := parse(t, in).String(); got != want {
			t.Errorf("Parse(%q) = %q, want %q", in, got, want)
		}
	}
	for _, bad := range []string{"", "next-20260925", "6.12.111-rt10", "6.12.111-cip32", "6.6+", "six", "6"} {
		if v, err := Parse(bad); err == nil {
			t.Errorf("Parse(%q) = %v, want an error", bad, v)
		}
	}
}

func TestAdmits(t *testing.T) {
	for _, tc := range []struct {
		want, version string
		admitted      bool
	}{
		{"~> 6.12.0", "6.12.117", true},
		{"~> 6.12.0", "6.13.1", false},
		{"6.12", "6.12.117", true},
		{"6.12", "6.18.54", false},
		{">= 6.6, < 6.13", "6.12.1", true},
		{">= 6.6, < 6.13", "6.13", false},
		{"6.12.117", "6.12.117", true},
		{" 6.12 ", "6.12.1", true},
		{"v6.12", "6.12.1", true},
		{"v6.12", "6.13.1", false},
		{"v6.12.117", "6.12.117", true},
		{"6.12.117", "6.12.116", false},
		{"7.3-rc10", "7.3-rc10", true},
		{"7.3-rc10", "7.3-rc1", false},
		{"longterm", "6.12.117", true},
		{"stable", "7.3-rc4", false},
		{"mainline", "7.3-rc4", true},
	} {
		w, err := ParseConstraint(tc.want)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.Admits(parse(t, tc.version)); got != tc.admitted {
			t.Errorf("%q admits %s: %v, want %v", tc.want, tc.version, got, tc.admitted)
		}
	}
	for _, bad := range []string{"", "newest", "~> six", "longtrem"} {
		if _, err := ParseConstraint(bad); err == nil {
			t.Errorf("ParseConstraint(%q) returned no error", bad)
		}
	}
}

func TestNewest(t *testing.T) {
	w, err := ParseConstraint("6.12")
	if err != nil {
		t.Fatal(err)
	}
	got, ok := w.Newest([]Version{parse(t, "6.12.9"), parse(t, "6.12.117"), parse(t, "6.18.1"), parse(t, "6.12.11")})
	if !ok || got.String() != "6.12.117" {
		t.Errorf("newest is %v (%v), want 6.12.117", got, ok)
	}
	if got, ok := w.Newest([]Version{parse(t, "6.13")}); ok {
		t.Errorf("found %v, want none", got)
	}
}
