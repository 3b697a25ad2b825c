package spec

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/upstream"
)

// File is kernels.toml, which people write.
type File struct {
	Kernels  []Table         `toml:"kernel"`
	Build    Limits          `toml:"build"`
	Upstream upstream.Config `toml:"upstream"`
}

// Table is one [[kernel]] of the file.
type Table struct {
	Name    string   `toml:"name"`    // names its folder in dist/
	Version string   `toml:"version"` // see release.ParseConstraint
	Arch    []string `toml:"arch"`    // see arch.Find
	Config  []string `toml:"config"`  // the kernel's own targets, files, CONFIG_X=y; in order
	Allow   []string `toml:"allow"`   // asked options whose final value may differ
	Source  []string `toml:"source"`  // tried in order; see source.Check
	Patches []string `toml:"patches"` // files, applied in order
	// Files maps paths in the source's tree to files and folders that are laid there.
	Files map[string]string `toml:"files"`
	// Toolchain is the compiler: "gcc" or "llvm". See arch.Compiler.
	Toolchain string `toml:"toolchain"`
}

// namePattern is what a kernel's name must match: it becomes part of the names of folders,
// volumes and images' tags, which have at most 128 characters. A plan's has the same form.
var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_.]{0,63}$`)

// Defaults returns the values of the tables other than [[kernel]] that apply where
// kernels.toml sets none; WithDefaults has those of [[kernel]].
func Defaults() File { return File{Build: defaultLimits(), Upstream: upstream.Default()} }

// WithDefaults returns the file with the defaults of each [[kernel]] filled in.
func (f File) WithDefaults() File {
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

// Check reports every invalid value of the file by its key: "kernel[0].name". It opens no
// other file; Specs reads those that the configuration and the patches name.
func (f File) Check(report func(key, format string, args ...any)) {
	seen := map[string]bool{}
	for i, t := range f.Kernels {
		at := func(key string) string { return fmt.Sprintf("kernel[%d].%s", i, key) }
		if !namePattern.MatchString(t.Name) {
			report(at("name"), "expected at most 64 lower-case letters, digits, _ and ., got %q", t.Name)
		}
		if seen[t.Name] {
			report(at("name"), "an earlier kernel has the name %q; choose a different one", t.Name)
		}
		seen[t.Name] = true
		t.check(at, report)
	}
	f.Build.check(report)
	f.Upstream.Check(func(key, format string, args ...any) { report("upstream."+key, format, args...) })
}

// check reports every invalid value of the table; at returns the full key of one.
func (t Table) check(at func(string) string, report func(key, format string, args ...any)) {
	if t.Version != "" {
		if _, err := release.ParseConstraint(t.Version); err != nil {
			report(at("version"), "%v", err)
		}
	}
	if len(t.Arch) == 0 {
		report(at("arch"), `expected a list of architectures, such as ["amd64", "arm64"]`)
	}
	named := map[string]string{}
	for i, name := range t.Arch {
		a, err := arch.Find(name)
		if err != nil {
			report(at(item("arch", i)), "%v", err)
		} else if earlier, twice := named[a.Name]; twice {
			report(at(item("arch", i)), "%q and %q are one architecture: name it once", earlier, name)
		}
		named[a.Name] = name
	}
	t.checkConfig(at, report)
	if _, err := (arch.Arch{}).Compiler(t.Toolchain); err != nil {
		report(at("toolchain"), "%v", err)
	}
	for i, s := range t.Source {
		if err := source.Check(s); err != nil {
			report(at(item("source", i)), "%v", err)
		}
	}
}

// allowPattern is what a name in allow must match.
var allowPattern = regexp.MustCompile(`^(?:CONFIG_)?[A-Za-z0-9_]+$`)

// checkConfig reports every invalid value about the configuration.
func (t Table) checkConfig(at func(string) string, report func(key, format string, args ...any)) {
	for i, entry := range t.Config {
		if _, _, err := readEntry(entry); err != nil {
			report(at(item("config", i)), "%s", strings.TrimPrefix(err.Error(), "config: "))
		}
	}
	for i, name := range t.Allow {
		if !allowPattern.MatchString(name) || name == "CONFIG_" {
			report(at(item("allow", i)), "expected the name of an option, such as USB_STORAGE, got %q", name)
		}
	}
	for _, target := range slices.Sorted(maps.Keys(t.Files)) {
		if err := checkTarget(target); err != nil {
			report(at("files."+target), "%s", strings.TrimPrefix(err.Error(), "files: "))
		}
	}
}
