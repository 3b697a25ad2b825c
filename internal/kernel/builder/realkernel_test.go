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

// shippedDir is the folder of Kiln's own kernels.toml.
const shippedDir = "../../../kernel"

// shippedSpec returns Kiln's own kernel for an architecture and a compiler. Built with LLVM
// it has a different name, for an output of its own.
func shippedSpec(t *testing.T, archName, compiler string) spec.Spec {
	t.Helper()
	table := spec.Table{
		Name: "micro", Version: "~> 6.12.0", Arch: []string{archName}, Source: []string{"kernel.org", "debian"},
		Config: []string{"tinyconfig", "config/micro.config"}, Toolchain: compiler,
	}
	if compiler != arch.GCC {
		table.Name += compiler
	}
	return oneSpec(t, shippedDir, table)
}

// microSpec returns Kiln's own kernel for amd64 with further options.
func microSpec(t *testing.T, options ...string) spec.Spec {
	t.Helper()
	return oneSpec(t, shippedDir, spec.Table{
		Name: "configured", Version: "6.12", Arch: []string{"amd64"}, Source: []string{"debian"},
		Config: append([]string{"tinyconfig", "config/micro.config"}, options...),
	})
}

// smallSpec returns a small kernel of the real source, with the patch unless that is "".
func smallSpec(t *testing.T, table spec.Table, patch string) spec.Spec {
	t.Helper()
	table.Name, table.Version, table.Source = "small", "6.12", []string{"debian"}
	table.Config = append([]string{"tinyconfig"}, table.Config...)
	if len(table.Arch) == 0 {
		table.Arch = []string{"amd64"}
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "config"), os.DirFS(filepath.Join(shippedDir, "config"))); err != nil {
		t.Fatal(err)
	}
	if patch != "" {
		table.Patches = []string{"small.patch"}
		writeFile(t, filepath.Join(dir, "small.patch"), patch)
	}
	return oneSpec(t, dir, table)
}

// insertPatch returns a patch that inserts lines into a file after line number line, whose
// text is before; after is the text of the next line.
func insertPatch(file string, line int, before, added, after string) string {
	lines := strings.Split(added, "\n")
	return fmt.Sprintf("--- a/%[1]s\n+++ b/%[1]s\n@@ -%[2]d,2 +%[2]d,%[3]d @@\n %[4]s\n+%[5]s\n %[6]s\n",
		file, line, len(lines)+2, before, strings.Join(lines, "\n+"), after)
}

// buildShipped builds Kiln's own kernel for an architecture, as the targets do, unless they
// have built it, and returns the folder that it is extracted to.
func buildShipped(t *testing.T, archName string) (*Builder, string) {
	t.Helper()
	return buildAndExtract(t, shippedSpec(t, archName, arch.GCC))
}

// buildAndExtract builds a kernel unless the engine has its result, and returns the folder
// that it is extracted to.
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
