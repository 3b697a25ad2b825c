package spec

import (
	"slices"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Table)
		key    string // of the fault; "" for none
	}{
		"valid":              {func(*Table) {}, ""},
		"unset":              {func(t *Table) { *t = Table{Name: "a.b_2", Arch: []string{"amd64"}} }, ""},
		"llvm":               {func(t *Table) { t.Toolchain = "llvm" }, ""},
		"sources":            {func(t *Table) { t.Source = []string{"debian", "./linux", "git+https://host.example/linux.git"} }, ""},
		"no name":            {func(t *Table) { t.Name = "" }, "kernel[0].name"},
		"name with -":        {func(t *Table) { t.Name = "a-b" }, "kernel[0].name"},
		"upper case":         {func(t *Table) { t.Name = "Micro" }, "kernel[0].name"},
		"long name":          {func(t *Table) { t.Name = strings.Repeat("a", 65) }, "kernel[0].name"},
		"version":            {func(t *Table) { t.Version = "newest" }, "kernel[0].version"},
		"no architecture":    {func(t *Table) { t.Arch = nil }, "kernel[0].arch"},
		"other architecture": {func(t *Table) { t.Arch = []string{"amd64", "vax"} }, "kernel[0].arch[1]"},
		"architecture twice": {func(t *Table) { t.Arch = []string{"amd64", "x86_64"} }, "kernel[0].arch[1]"},
		"architecture x86":   {func(t *Table) { t.Arch = []string{"x86"} }, "kernel[0].arch[0]"},
		"allow":              {func(t *Table) { t.Allow = []string{"USB_STORAGE", "CONFIG_USB STORAGE"} }, "kernel[0].allow[1]"},
		"option":             {func(t *Table) { t.Config = []string{"tinyconfig", "CONFIG_A = y"} }, "kernel[0].config[1]"},
		"target":             {func(t *Table) { t.Config = []string{"oldconfig"} }, "kernel[0].config[0]"},
		"files":              {func(t *Table) { t.Files = map[string]string{"../x": "x"} }, "kernel[0].files.../x"},
		"toolchain":          {func(t *Table) { t.Toolchain = "tcc" }, "kernel[0].toolchain"},
		"source":             {func(t *Table) { t.Source = []string{"kernel.com"} }, "kernel[0].source[0]"},
	} {
		f := Defaults()
		f.Kernels = []Table{table(tc.change)}
		want := []string{}
		if tc.key != "" {
			want = append(want, tc.key)
		}
		if got := faults(f); !slices.Equal(got, want) {
			t.Errorf("%s: faults of %q, want %q", name, got, want)
		}
	}
}

// faults returns the keys that Check reports.
func faults(f File) []string {
	keys := []string{}
	f.Check(func(key, format string, args ...any) { keys = append(keys, key) })
	return keys
}

func TestNameOfTwoKernels(t *testing.T) {
	f := Defaults()
	f.Kernels = []Table{table(func(*Table) {}), table(func(*Table) {})}
	if got := faults(f); !slices.Equal(got, []string{"kernel[1].name"}) {
		t.Errorf("faults of %q", got)
	}
}

func TestWithDefaults(t *testing.T) {
	f := File{Kernels: []Table{{Name: "a"}, table(func(t *Table) { t.Toolchain = "llvm" })}}
	got := f.WithDefaults()
	if k := got.Kernels[0]; k.Version != "longterm" || k.Toolchain != "gcc" || !slices.Equal(k.Config, []string{"defconfig"}) || !slices.Equal(k.Source, []string{"kernel.org", "debian"}) {
		t.Errorf("unset: %+v", k)
	}
	if k := got.Kernels[1]; k.Version != "6.12" || k.Toolchain != "llvm" || !slices.Equal(k.Config, []string{"tinyconfig"}) {
		t.Errorf("set: %+v", k)
	}
	if f.Kernels[0].Version != "" {
		t.Error("the file itself was changed")
	}
}
