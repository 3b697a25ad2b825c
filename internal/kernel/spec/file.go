package spec

import (
	"fmt"
	"slices"

	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/upstream"
)

// Defaults is what holds where kernels.toml is silent.
func Defaults() File { return File{Build: defaultLimits(), Upstream: upstream.Default()} }

// Filled gives the file with the defaults of each table put in.
func (f File) Filled() File {
	f.Kernels = slices.Clone(f.Kernels)
	for i := range f.Kernels {
		t := &f.Kernels[i]
		if t.Version == "" {
			t.Version = "longterm"
		}
		if t.Toolchain == "" {
			t.Toolchain = arch.GCC
		}
		if len(t.Config) == 0 {
			t.Config = []string{"defconfig"}
		}
		if len(t.Source) == 0 {
			t.Source = []string{source.KernelOrg, source.Debian}
		}
	}
	return f
}

// Check reports every value of the file that cannot be.
func (f File) Check(report func(key, format string, args ...any)) {
	seen := map[string]bool{}
	for i, t := range f.Kernels {
		at := func(key string) string { return fmt.Sprintf("kernel[%d].%s", i, key) }
		if !name.MatchString(t.Name) {
			report(at("name"), "expected lower-case letters, digits, _ and ., got %q", t.Name)
		}
		if seen[t.Name] {
			report(at("name"), "a second kernel is called %q; give it another name", t.Name)
		}
		seen[t.Name] = true
		t.check(at, report)
	}
	f.Build.check(report)
	f.Upstream.Check(func(key, format string, args ...any) { report("upstream."+key, format, args...) })
}

func (t Table) check(at func(string) string, report func(key, format string, args ...any)) {
	if t.Version != "" {
		if _, err := release.ParseConstraint(t.Version); err != nil {
			report(at("version"), "%v", err)
		}
	}
	if len(t.Arch) == 0 {
		report(at("arch"), `expected a list of architectures, as ["amd64", "arm64"]`)
	}
	for _, a := range t.Arch {
		if _, err := arch.Find(a); err != nil {
			report(at("arch"), "%v", err)
		}
	}
	if _, err := (arch.Arch{}).Compiler(t.Toolchain); err != nil {
		report(at("toolchain"), "%v", err)
	}
	for _, s := range t.Source {
		if err := source.Check(s); err != nil {
			report(at("source"), "%v", err)
		}
	}
}
