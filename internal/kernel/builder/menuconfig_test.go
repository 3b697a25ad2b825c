package builder

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/executor"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// TestEditIsWrittenBack has the kernel's own scripts/config do what a person does
// in menuconfig, and builds the configuration anew from what was written.
func TestEditIsWrittenBack(t *testing.T) {
	b, dir := testBuilder(t), t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(shippedDir, "config"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "config"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "micro.config"), filepath.Join(dir, "config", "mine.config")); err != nil {
		t.Fatal(err)
	}
	mine := func() spec.Spec {
		f := spec.File{Kernels: []spec.Table{{Name: "contract", Version: "6.12", Arch: []string{"amd64"}, Source: []string{"debian"}, Config: []string{"tinyconfig", "config/mine.config"}}}}
		specs, err := f.Specs(dir, spec.Choice{})
		if err != nil {
			t.Fatal(err)
		}
		return specs[0]
	}
	var edited string
	e, err := b.edit(t.Context(), mine(), dir, func(s *executor.Session) error {
		for _, argv := range [][]string{
			{plan.SourceDir + "/scripts/config", "--file", plan.ConfigFile, "--enable", "SCSI", "--enable", "BLK_DEV_SD", "--disable", "OVERLAY_FS", "--set-val", "PANIC_TIMEOUT", "7"},
			plan.Make(mine(), "olddefconfig"),
			{"cp", plan.ConfigFile, "/tmp/edited"},
		} {
			if _, err := s.Output(t.Context(), argv...); err != nil {
				return err
			}
		}
		var err error
		edited, err = s.Output(t.Context(), "cat", "/tmp/edited")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(e.Options, " "); len(e.Options) > 6 || !strings.Contains(got, "CONFIG_SCSI=y") || !strings.Contains(got, "# CONFIG_OVERLAY_FS is not set") || !strings.Contains(got, "CONFIG_PANIC_TIMEOUT=7") {
		t.Errorf("written back: %q", e.Options)
	}
	if got := finalConfig(t, b, mine()); got != edited {
		t.Errorf("what was written back gives another configuration than the edited one:\n%s", e)
	}
}

// finalConfig configures a kernel and gives the .config.
func finalConfig(t *testing.T, b *Builder, s spec.Spec) (text string) {
	t.Helper()
	err := b.withConfig(t.Context(), s, func(session *executor.Session) (err error) {
		text, err = session.Output(t.Context(), "cat", plan.ConfigFile)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}
