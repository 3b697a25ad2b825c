package toolchain

import (
	"slices"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// TestDifferences changes each part of a toolchain: its identity changes, and the difference is
// named.
func TestDifferences(t *testing.T) {
	pinned := plan.Toolchain{
		Name: "arm64", Packages: []string{"bc=1.07.1-4", "gcc-14=14.2.0-20"}, Programs: []plan.Program{{Path: "/usr/bin/ld", SHA256: "aa"}, {Path: "/usr/local/bin/kiln-cc", SHA256: "bb"}},
	}
	for want, change := range map[string]func(*plan.Toolchain){
		"gcc-14: 14.2.0-19 here, 14.2.0-20 pinned": func(t *plan.Toolchain) { t.Packages[1] = "gcc-14=14.2.0-19" },
		"bc: not here, 1.07.1-4 pinned":            func(t *plan.Toolchain) { t.Packages = t.Packages[1:] },
		"lld: 1:19 here, not pinned":               func(t *plan.Toolchain) { t.Packages = append(t.Packages, "lld=1:19") },
		"/usr/bin/ld: cc here, aa pinned":          func(t *plan.Toolchain) { t.Programs[0].SHA256 = "cc" },
		"/usr/bin/ld: not here, aa pinned":         func(t *plan.Toolchain) { t.Programs = t.Programs[1:] },
	} {
		here := pinned
		here.Packages, here.Programs = slices.Clone(pinned.Packages), slices.Clone(pinned.Programs)
		change(&here)
		if got := Differences(here, pinned); len(got) != 1 || got[0] != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if here.Identity() == pinned.Identity() {
			t.Errorf("%s: the identity is the same", want)
		}
	}
	if got := Differences(pinned, pinned); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

// TestCommonPackages checks what the layer that images share is pinned to.
func TestCommonPackages(t *testing.T) {
	pin := func(name string, packages ...string) Pin { return Pin{Name: name, Packages: packages} }
	a, b, c := pin("a", "bc=1", "gcc-a=1"), pin("b", "bc=1", "gcc-b=1"), pin("c", "bc=2", "gcc-c=1")
	for want, list := range map[string]pins{"bc=1\n": {a, b}, "bc=1\ngcc-a=1\n": {a, c}} {
		if got := lines(list.common(a)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestPinForms checks what a lock may pin.
func TestPinForms(t *testing.T) {
	digest := "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for _, tc := range []struct {
		pin   Pin
		valid bool
	}{
		{Pin{Name: "arm64", Packages: []string{"bison=2:3.8.2+dfsg-1+b2", "init-system-helpers=1.69~deb13u1", "libstdc++6=14.2.0-19"}}, true},
		{Pin{Name: "arm64", Packages: []string{"bc=1"}, Image: "registry.example.com:5000/ours/tools" + digest}, true},
		{Pin{Name: "arm64", Packages: []string{"bc=1"}, Image: "registry.example.com/ours/tools:latest"}, false},
		{Pin{Packages: []string{"bc=1"}}, false},
		{Pin{Name: "arm64"}, false},
		{Pin{Name: "arm64", Packages: []string{"bc"}}, false},
		{Pin{Name: "arm64", Packages: []string{"gcc=14", "bc=1"}}, false},
		{Pin{Name: "arm64", Packages: []string{"bc=1", "bc=1"}}, false},
		{Pin{Name: "arm64", Packages: []string{"bc=1", "bc=2"}}, false},
		{Pin{Name: "arm64", Packages: []string{"bc=1 evil"}}, false},
		{Pin{Name: "arm64", Packages: []string{"bc=1\nPackage: *"}}, false},
		{Pin{Name: "arm64", Packages: []string{"--option=1"}}, false},
	} {
		if tc.pin.Valid() != tc.valid {
			t.Errorf("%+v: valid is %v", tc.pin, !tc.valid)
		}
	}
}
