package builder

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/executor"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// TestEditIsSaved has the kernel's own scripts/config edit a configuration, as a user does
// in menuconfig, and remakes the configuration from the saved fragment.
func TestEditIsSaved(t *testing.T) {
	b, dir := testBuilder(t), t.TempDir()
	text, err := os.ReadFile(filepath.Join(shippedDir, "config", "micro.config"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "config"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "config", "edited.config"), string(text))
	table := spec.Table{Name: "configured", Version: "6.12", Arch: []string{"amd64"}, Source: []string{"debian"}, Config: []string{"tinyconfig", "config/edited.config"}}
	var edited string
	e, err := b.edit(t.Context(), oneSpec(t, dir, table), dir, func(s *executor.Session) (err error) {
		edited, err = editOptions(t, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(e.Options, " "); len(e.Options) > 6 || !strings.Contains(got, "CONFIG_SCSI=y") || !strings.Contains(got, "# CONFIG_OVERLAY_FS is not set") || !strings.Contains(got, "CONFIG_PANIC_TIMEOUT=7") {
		t.Errorf("saved options: %q", e.Options)
	}
	if got := finalConfig(t, b, oneSpec(t, dir, table)); got != edited {
		t.Errorf("the saved options lead to a configuration that differs from the edited one:\n%s", e)
	}
}

// editOptions changes options in a session and returns the resulting .config.
func editOptions(t *testing.T, s *executor.Session) (string, error) {
	t.Helper()
	for _, argv := range [][]string{
		{plan.SourceDir + "/scripts/config", "--file", plan.ConfigFile, "--enable", "SCSI", "--enable", "BLK_DEV_SD", "--disable", "OVERLAY_FS", "--set-val", "PANIC_TIMEOUT", "7"},
		s.Make("olddefconfig"),
		{"cp", plan.ConfigFile, "/tmp/edited"},
	} {
		if _, err := s.Output(t.Context(), argv...); err != nil {
			return "", err
		}
	}
	return s.Output(t.Context(), "cat", "/tmp/edited")
}

// finalConfig makes the configuration of a kernel and returns the .config.
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

// TestFileOfAnEdit finds the file that an edit is saved in.
func TestFileOfAnEdit(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte("CONFIG_A=y\n"))
	z.Close()
	writeFile(t, filepath.Join(dir, "a.config"), "CONFIG_A=y\r\n")
	writeFile(t, filepath.Join(dir, "config.gz"), packed.String())
	writeFile(t, filepath.Join(elsewhere, "b.config"), "CONFIG_B=y\n")
	for entry, want := range map[string]string{"a.config": "a.config", "config.gz": "config/k.config", filepath.Join(elsewhere, "b.config"): "config/k.config"} {
		s := oneSpec(t, dir, spec.Table{Name: "k", Version: "6.12", Arch: []string{"amd64"}, Config: []string{"tinyconfig", entry, "CONFIG_X=y"}})
		if file, unnamed := fragmentOf(s, dir); file != filepath.Join(dir, want) || unnamed != (want != entry) {
			t.Errorf("%s: %s, %v", entry, file, unnamed)
		}
	}
}
