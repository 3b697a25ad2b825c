package arch

import (
	"slices"
	"strings"
	"testing"
)

func TestCompiler(t *testing.T) {
	a, err := Find("arm64")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]Compiler{
		"":   {Name: GCC, CC: "aarch64-linux-gnu-gcc", LD: "aarch64-linux-gnu-ld", Tools: "aarch64-linux-gnu-", Image: "arm64", Env: []string{"CROSS_COMPILE=aarch64-linux-gnu-"}},
		LLVM: {Name: LLVM, CC: "clang", LD: "ld.lld", Tools: "llvm-", Image: LLVM, Env: []string{"LLVM=1"}},
	} {
		got, err := a.Compiler(name)
		if err != nil || got.Name != want.Name || got.CC != want.CC || got.LD != want.LD || got.Tools != want.Tools ||
			got.Image != want.Image || !slices.Equal(got.Env, want.Env) || len(got.Packages) == 0 || len(got.Content) == 0 {
			t.Errorf("Compiler(%q) = %+v, %v", name, got, err)
		}
	}
	if _, err := a.Compiler("icc"); err == nil || !strings.Contains(err.Error(), "expected gcc or llvm") {
		t.Errorf("icc: %v", err)
	}
}
