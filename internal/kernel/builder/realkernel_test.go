package builder

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// shippedDir is the folder of the kernels.toml that Kiln ships.
const shippedDir = "../../../kernel"

// shippedSpec is that kernel, for a compiler. LLVM's has another name, for an output of
// its own.
func shippedSpec(t *testing.T, archName, compiler string) spec.Spec {
	t.Helper()
	table := spec.Table{
		Name: "micro", Version: "~> 6.12.0", Arch: []string{archName}, Source: []string{"kernel.org", "debian"},
		Config: []string{"tinyconfig", "config/micro.config"}, Toolchain: compiler,
	}
	if compiler != arch.GCC {
		table.Name += compiler
	}
	specs, err := spec.File{Kernels: []spec.Table{table}}.Specs(shippedDir, spec.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	return specs[0]
}

// microSpec gives the kernel that Kiln ships, from the real source, with more options.
func microSpec(t *testing.T, options ...string) spec.Spec {
	t.Helper()
	table := spec.Table{
		Name: "contract", Version: "6.12", Arch: []string{"amd64"}, Source: []string{"debian"},
		Config: append([]string{"tinyconfig", "config/micro.config"}, options...),
	}
	specs, err := spec.File{Kernels: []spec.Table{table}}.Specs(shippedDir, spec.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	return specs[0]
}

// brokenSpec gives a small kernel of the real source, perhaps patched.
func brokenSpec(t *testing.T, table spec.Table, patch string) spec.Spec {
	t.Helper()
	table.Name, table.Version, table.Source = "broken", "6.12", []string{"debian"}
	table.Config = append([]string{"tinyconfig"}, table.Config...)
	if len(table.Arch) == 0 {
		table.Arch = []string{"amd64"}
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "config"), os.DirFS(filepath.Join(shippedDir, "config"))); err != nil {
		t.Fatal(err)
	}
	if patch != "" {
		table.Patches = []string{"broken.patch"}
		writeFile(t, filepath.Join(dir, "broken.patch"), patch)
	}
	specs, err := spec.File{Kernels: []spec.Table{table}}.Specs(dir, spec.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	return specs[0]
}

// insertion is a patch that adds lines between two of a file, of which the first is
// the line with this number.
func insertion(file string, line int, before, added, after string) string {
	lines := strings.Split(added, "\n")
	return fmt.Sprintf("--- a/%[1]s\n+++ b/%[1]s\n@@ -%[2]d,2 +%[2]d,%[3]d @@\n %[4]s\n+%[5]s\n %[6]s\n",
		file, line, len(lines)+2, before, strings.Join(lines, "\n+"), after)
}

// buildShipped builds the kernel that Kiln ships for an architecture, as the targets do,
// and extracts it. Where the targets have built it, nothing is built.
func buildShipped(t *testing.T, archName string) (*Builder, string) {
	t.Helper()
	return buildAndExtract(t, shippedSpec(t, archName, arch.GCC))
}

// buildAndExtract builds a kernel unless it is there, and extracts it.
func buildAndExtract(t *testing.T, s spec.Spec) (*Builder, string) {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	b := newBuilder(t, report.New(t.Output(), t.Output(), ""), shippedDir, filepath.Join(cache, "kiln"))
	res, err := b.Build(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	e, err := b.Folder.Extract(t.Context(), res)
	if err != nil {
		t.Fatal(err)
	}
	return b, e.Folder
}
