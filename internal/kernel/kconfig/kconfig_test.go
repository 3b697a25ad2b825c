package kconfig

import (
	"strings"
	"testing"
)

func TestParseReportsEveryError(t *testing.T) {
	options, errs := Parse("a.config", "# a comment\nCONFIG_A=y\n\nCONFIG_B\n# CONFIG_C is not set\nCONFIG_D=\nCONFIG_E=\"x y\"\n")
	if len(options) != 3 || options[1].Value != "n" || options[2].Value != `"x y"` || options[1].Where != "a.config:5" {
		t.Errorf("options: %+v", options)
	}
	if len(errs) != 2 || !strings.HasPrefix(errs[0].Error(), "a.config:4: ") || !strings.HasPrefix(errs[1].Error(), "a.config:6: ") {
		t.Errorf("errors: %v", errs)
	}
}

func TestCompare(t *testing.T) {
	asked, _ := Parse("f", "CONFIG_KEPT=y\nCONFIG_OFF=n\nCONFIG_ABSENT_OFF=n\nCONFIG_LOST=y\nCONFIG_AS_MODULE=y\nCONFIG_TWICE=y\nCONFIG_TWICE=m\nCONFIG_EXCUSED=y\n")
	final, _ := Parse(".config", "CONFIG_KEPT=y\n# CONFIG_OFF is not set\nCONFIG_AS_MODULE=m\nCONFIG_TWICE=m\n")
	kept := map[string]bool{}
	for _, v := range Compare(asked, final, []string{"EXCUSED"}) {
		kept[v.Name] = v.Kept()
		if v.Allowed != (v.Name == "CONFIG_EXCUSED") {
			t.Errorf("%s: allowed is %v", v.Name, v.Allowed)
		}
	}
	want := map[string]bool{
		"CONFIG_KEPT": true, "CONFIG_OFF": true, "CONFIG_ABSENT_OFF": true, "CONFIG_LOST": false,
		"CONFIG_AS_MODULE": false, "CONFIG_TWICE": true, "CONFIG_EXCUSED": false,
	}
	for name, k := range want {
		if got, ok := kept[name]; !ok || got != k {
			t.Errorf("%s: kept is %v, want %v", name, got, k)
		}
	}
	if len(kept) != len(want) {
		t.Errorf("compared %d options, want %d", len(kept), len(want))
	}
}

func TestSameValue(t *testing.T) {
	for _, tc := range []struct {
		asked, got string
		same       bool
	}{
		{"y", "y", true}, {"y", "m", false}, {"n", "", false}, {"12", "13", false}, {"10", "0x10", true}, {"0X1f", "0x1F", true}, {"0x0", "0x00", true},
		{"ff", "255", false}, {`"a\b"`, `"ab"`, true}, {`"a\"b"`, `"a\"b"`, true}, {`"a"`, `"b"`, false}, {`"y"`, "y", false}, {`"a\\"`, `"a\\"`, true},
	} {
		if got := sameValue(tc.asked, tc.got); got != tc.same {
			t.Errorf("%s and %s: %v", tc.asked, tc.got, got)
		}
	}
}

// TestCompleteConfigAsksOnlyWhatCanBeAsked explains the options of a .config that was made
// for a different version and compiler.
func TestCompleteConfigAsksOnlyWhatCanBeAsked(t *testing.T) {
	const header = "# Automatically generated file; DO NOT EDIT.\n# Linux/x86 6.1.9 Kernel Configuration\n"
	const options = "CONFIG_GCC_VERSION=120200\nCONFIG_SLAB=y\nCONFIG_USB=y\nCONFIG_EPOLL=y\n"
	final, _ := Parse(".config", "CONFIG_GCC_VERSION=140200\nCONFIG_EPOLL=y\n")
	answers := map[string]Answer{"CONFIG_GCC_VERSION": {Kind: Changed, Derived: true}, "CONFIG_SLAB": {Kind: Gone}, "CONFIG_USB": {Kind: Dropped}}
	for text, want := range map[string]string{
		header + options: "CONFIG_USB CONFIG_EPOLL / CONFIG_SLAB",
		options:          "CONFIG_GCC_VERSION CONFIG_SLAB CONFIG_USB CONFIG_EPOLL / ",
	} {
		asked, _ := Parse("f", text)
		kept, foreign := Explain(Compare(asked, final, nil), answers)
		if got := namesOf(kept) + " / " + namesOf(foreign); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// namesOf lists the options of verdicts.
func namesOf(verdicts []Verdict) string {
	var names []string
	for _, v := range verdicts {
		names = append(names, v.Name)
	}
	return strings.Join(names, " ")
}
