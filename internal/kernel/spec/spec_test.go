package spec

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// kernels returns a folder with fragments and a patch.
func kernels(t *testing.T) string {
	t.Helper()
	return folder(t, map[string]string{
		"config/a.config": "CONFIG_A=y\n", "config/a.arm64.config": "CONFIG_ARM=y\n", "config/bad.config": "CONFIG_A\nCONFIG_B=\n", "bad/series": "one.patch\ntwo.patch\n", "bad/one.patch": "x", "bad/two.patch": "y", "a.patch": "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n",
	})
}

// table returns a valid table, changed.
func table(change func(*Table)) Table {
	t := Table{Name: "micro", Version: "6.12", Arch: []string{"amd64", "aarch64"}, Config: []string{"tinyconfig"}, Source: []string{"kernel.org"}}
	change(&t)
	return t
}

func TestSpecs(t *testing.T) {
	two := File{Kernels: []Table{table(func(*Table) {}), table(func(t *Table) { t.Name = "full"; t.Arch = []string{"amd64"} })}}
	for name, tc := range map[string]struct {
		choice Choice
		want   string // the specs with their constraints, or a part of the error
	}{
		"all":                  {Choice{}, "micro amd64 6.12, micro arm64 6.12, full amd64 6.12"},
		"by name":              {Choice{Name: "full"}, "full amd64 6.12"},
		"by arch":              {Choice{Arch: "amd64"}, "micro amd64 6.12, full amd64 6.12"},
		"by alias":             {Choice{Arch: "aarch64"}, "micro arm64 6.12"},
		"with version":         {Choice{Name: "full", Version: "longterm"}, "full amd64 longterm"},
		"unknown name":         {Choice{Name: "mikro"}, "kernels.toml has micro (amd64, aarch64); full (amd64)"},
		"name without arch":    {Choice{Name: "full", Arch: "arm64"}, "choose kernel full arm64"},
		"unknown architecture": {Choice{Arch: "vax"}, "vax"},
		"invalid version":      {Choice{Version: "newest"}, "kernel full: read version \"newest\""},
	} {
		specs, err := two.Specs(t.TempDir(), tc.choice, nil)
		var got []string
		for _, s := range specs {
			got = append(got, s.String()+" "+s.Constraint.String())
		}
		if err != nil && (!strings.Contains(err.Error(), tc.want) || fault.Code(err) != int(fault.Usage)) || err == nil && strings.Join(got, ", ") != tc.want {
			t.Errorf("%s: got %v, %v, want %s", name, got, err, tc.want)
		}
	}
}

func TestFileWithoutKernels(t *testing.T) {
	for _, c := range []Choice{{}, {Name: "micro", Arch: "amd64"}} {
		_, err := File{}.Specs("kernel", c, nil)
		if fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), "choose kernels: "+filepath.Join("kernel", "kernels.toml")+" has none\n  fix: add a [[kernel]]") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestFaultsOfAllKernelsComeTogether(t *testing.T) {
	f := File{Kernels: []Table{
		table(func(t *Table) { t.Toolchain = "tcc"; t.Patches = []string{"none.patch"} }),
		table(func(t *Table) { t.Name = "full"; t.Config = []string{"config/none.config"} }),
	}}
	_, err := f.Specs(t.TempDir(), Choice{}, nil)
	if err == nil || fault.Code(err) != int(fault.Usage) {
		t.Fatalf("got %v", err)
	}
	if lines := strings.Split(err.Error(), "\n"); len(lines) != 3 { // each once, not for each architecture
		t.Errorf("%d faults, want 3:\n%v", len(lines), err)
	}
	for _, part := range []string{"kernel micro: unknown toolchain", "kernel micro: read patch", `kernel full: config "config/none.config"`} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is missing:\n%v", part, err)
		}
	}
}

func TestConfigOfASpec(t *testing.T) {
	f := File{Kernels: []Table{table(func(t *Table) {
		t.Config = []string{"tinyconfig", "kvm_guest.config", "config/a.config", "CONFIG_X=y", "# CONFIG_Y is not set"}
		t.Patches = []string{"a.patch"}
	})}}
	dir := kernels(t)
	specs, err := f.Specs(dir, Choice{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	inline := plan.Item{Fragment: plan.Inline, Text: "CONFIG_X=y\n# CONFIG_Y is not set\n"}
	amd64 := []plan.Item{{Target: "tinyconfig"}, {Target: "kvm_guest.config"}, {Fragment: "config/a.config", Text: "CONFIG_A=y\n", Local: filepath.Join(dir, "config/a.config")}, inline}
	if !reflect.DeepEqual(specs[0].Config, amd64) {
		t.Errorf("amd64: %+v", specs[0].Config)
	}
	arm64 := append(amd64[:3:3], plan.Item{Fragment: "config/a.arm64.config", Text: "CONFIG_ARM=y\n", Local: filepath.Join(dir, "config/a.arm64.config")}, inline)
	if !reflect.DeepEqual(specs[1].Config, arm64) {
		t.Errorf("arm64: %+v", specs[1].Config)
	}
	if p := specs[0].Patches; len(p) != 1 || p[0].Name != "a.patch" || len(p[0].SHA256) != 64 {
		t.Errorf("patches %+v", p)
	}
	asked, err := specs[0].Asked()
	var got []string
	for _, o := range asked {
		got = append(got, fmt.Sprint(o.Name, " ", o.Value, " ", o.Where))
	}
	if err != nil || strings.Join(got, "; ") != "CONFIG_A y config/a.config:1; CONFIG_X y kernels.toml, kernel micro; CONFIG_Y n kernels.toml, kernel micro" {
		t.Errorf("asked %v, %v", asked, err)
	}
}

func TestEveryInvalidLineOfAFragmentIsReported(t *testing.T) {
	f := File{Kernels: []Table{table(func(t *Table) { t.Config = []string{"config/bad.config"} })}}
	specs, err := f.Specs(kernels(t), Choice{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = specs[0].Asked()
	if fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), "bad.config:1") || !strings.Contains(err.Error(), "bad.config:2") {
		t.Errorf("got %v", err)
	}
}

func TestUnreadableFragmentIsAnError(t *testing.T) {
	dir := kernels(t)
	if err := os.Mkdir(filepath.Join(dir, "config/a.amd64.config"), 0o755); err != nil {
		t.Fatal(err)
	}
	f := File{Kernels: []Table{table(func(t *Table) { t.Config = []string{"config/a.config"} })}}
	if _, err := f.Specs(dir, Choice{}, nil); err == nil || !strings.Contains(err.Error(), "a.amd64.config") {
		t.Errorf("got %v", err)
	}
}
