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
