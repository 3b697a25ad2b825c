package toolkit

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/boot"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// TestUntestableKernelDoesNotFailAll has a kernel that cannot run the init program: the main job
// reports it and goes on.
func TestUntestableKernelDoesNotFailAll(t *testing.T) {
	enginetest.Engine(t)
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "kernel"), os.DirFS("../kernel")); err != nil {
		t.Fatal(err)
	}
	folder := untestable(t)
	var out bytes.Buffer
	p, err := Open(Options{Dir: dir, Stdout: &out, Stderr: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := bootNew(t.Context(), p.Kernels(), []string{folder}); err != nil {
		t.Error(err)
	}
	if want := "micro-6.12.1-amd64: untestable: the first program needs CONFIG_BLK_DEV_INITRD, "; !strings.HasPrefix(out.String(), want) {
		t.Errorf("printed %q, want %q...", &out, want)
	}
	var r boot.Report
	if err := report.Read(filepath.Join(folder, boot.ReportFile), &r); err != nil || r.Verdict != boot.Untestable {
		t.Errorf("boot.json: %+v, %v", r, err)
	}
}

// untestable returns a folder as extract makes it, with an image for amd64 and a configuration
// that has nothing that a boot needs.
func untestable(t *testing.T) string {
	t.Helper()
	a, err := arch.Find("amd64")
	if err != nil {
		t.Fatal(err)
	}
	v, err := release.Parse("6.12.1")
	if err != nil {
		t.Fatal(err)
	}
	image := make([]byte, 1<<10)
	for _, mark := range a.Magic {
		copy(image[mark.Offset:], mark.Bytes)
	}
	folder := t.TempDir()
	for name, text := range map[string]string{"bzImage": string(image), "config": "CONFIG_64BIT=y\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	m := plan.Manifest{Name: "micro", Version: v.String(), Arch: a.Name, Source: plan.SourceRecord{Source: plan.Source{Version: v.String()}}}
	if err := report.Write(filepath.Join(folder, plan.ManifestFile), m); err != nil {
		t.Fatal(err)
	}
	return folder
}
