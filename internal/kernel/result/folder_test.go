package result

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// extractedKernel makes a folder NAME-VERSION-ARCH in dir with two artefacts and a manifest.
func extractedKernel(t *testing.T, dir string) (folder string, m plan.Manifest) {
	t.Helper()
	folder = filepath.Join(dir, "micro-6.12.5-amd64")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	m = plan.Manifest{
		Schema: plan.ManifestSchema, Name: "micro", Version: "6.12.5", Arch: "amd64", Plan: "aa",
		Source: plan.SourceRecord{Source: plan.Source{Kind: source.KernelOrg, Version: "6.12.5"}},
	}
	for name, text := range map[string]string{"bzImage": "a kernel", "config": "CONFIG_A=y\nCONFIG_B=\"b\"\n# CONFIG_C is not set\n"} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		sum, err := trust.HashFile(path)
		if err != nil {
			t.Fatal(err)
		}
		m.Artefacts = append(m.Artefacts, plan.Artefact{Path: name, SHA256: sum, Size: int64(len(text))})
	}
	if err := report.Write(filepath.Join(folder, plan.ManifestFile), m); err != nil {
		t.Fatal(err)
	}
	return folder, m
}

func TestCheckFolder(t *testing.T) {
	for name, tc := range map[string]struct {
		damage func(folder string) error
		class  fault.Class // 0 for no error
		is     error
	}{
		"intact":      {damage: func(string) error { return nil }},
		"extra file":  {damage: func(folder string) error { return os.WriteFile(filepath.Join(folder, "boot.json"), nil, 0o644) }},
		"changed":     {damage: func(folder string) error { return os.WriteFile(filepath.Join(folder, "bzImage"), nil, 0o644) }, class: fault.Failed},
		"missing":     {damage: func(folder string) error { return os.Remove(filepath.Join(folder, "config")) }, class: fault.Failed, is: fs.ErrNotExist},
		"no manifest": {damage: func(folder string) error { return os.Remove(filepath.Join(folder, plan.ManifestFile)) }, class: fault.Failed, is: fs.ErrNotExist},
	} {
		folder, _ := extractedKernel(t, t.TempDir())
		if err := tc.damage(folder); err != nil {
			t.Fatal(err)
		}
		m, err := CheckFolder(folder)
		if fault.Code(err) != int(tc.class) || tc.is != nil && !errors.Is(err, tc.is) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && m.Plan != "aa" {
			t.Errorf("%s: manifest %+v", name, m)
		}
	}
}

func TestOptionsOfAFolder(t *testing.T) {
	folder, _ := extractedKernel(t, t.TempDir())
	got := Options(folder)
	if len(got) != 3 || got["CONFIG_A"] != "y" || got["CONFIG_B"] != `"b"` || got["CONFIG_C"] != "n" {
		t.Errorf("got %v", got)
	}
}

// TestExtractedKernelIsNotCopied has no engine: the folder has the plan's kernel.
func TestExtractedKernelIsNotCopied(t *testing.T) {
	dir := FolderIn(t.TempDir())
	folder, m := extractedKernel(t, dir)
	got, err := Folder{Dir: dir}.Extract(t.Context(), Result{Name: m.Name, Version: m.Version, Arch: m.Arch, Plan: m.Plan})
	want := Extracted{Folder: folder, Plan: "aa", Files: 2, Bytes: m.Artefacts[0].Size + m.Artefacts[1].Size}
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestSweepPartial(t *testing.T) {
	dir := t.TempDir()
	for name, age := range map[string]time.Duration{partialPrefix + "old": 2 * partialMaxAge, partialPrefix + "new": 0, "micro-6.12.5-amd64": 2 * partialMaxAge} {
		path := filepath.Join(dir, name)
		if err := os.Mkdir(path, 0o755); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(-age)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	sweepPartial(dir)
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(left) != 2 || filepath.Base(left[0]) != partialPrefix+"new" && filepath.Base(left[1]) != partialPrefix+"new" {
		t.Errorf("left %v, %v", left, err)
	}
}

// TestAdoptedManifestHasTheFormOfABuiltOne renames a result: a list that is empty stays a list.
func TestAdoptedManifestHasTheFormOfABuiltOne(t *testing.T) {
	folder, made := extractedKernel(t, t.TempDir())
	p := plan.Plan{Name: "other", Version: "6.12.5", Arch: "amd64"}
	if err := rename(folder, made, p, plan.ConfigRecord{}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(folder, plan.ManifestFile))
	if err != nil || !strings.Contains(string(text), `"patches": []`) || !strings.Contains(string(text), `"name": "other"`) {
		t.Errorf("%s, %v", text, err)
	}
}
