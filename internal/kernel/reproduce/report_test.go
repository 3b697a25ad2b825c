package reproduce

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/report"
)

func TestReport(t *testing.T) {
	r := Report{Name: "micro", Version: "6.12.5", Arch: "amd64", Same: true, Varied: []string{"clock", "host name"}, Artefacts: make([]plan.Artefact, 3)}
	if got := r.String(); got != "micro-6.12.5-amd64: reproducible: 3 files are the same byte for byte (varied: clock, host name)" || r.Err() != nil {
		t.Errorf("same: %q, %v", got, r.Err())
	}
	r.Same, r.Differences = false, []Difference{{File: "bzImage", Offset: -1, Cause: "a cause"}}
	if got := r.Outcome(); got != "two builds differ\n  bzImage: a cause" || fault.Code(r.Err()) != int(fault.Failed) {
		t.Errorf("different: %q, %v", got, r.Err())
	}
}

func TestReadReport(t *testing.T) {
	dir := t.TempDir()
	if r, err := ReadReport(dir, "aa"); r != nil || err != nil {
		t.Errorf("without a file: %v, %v", r, err)
	}
	path := filepath.Join(dir, ReportFile)
	if err := report.Write(path, Report{Schema: Schema, Plan: "aa", Same: true}); err != nil {
		t.Fatal(err)
	}
	if r, err := ReadReport(dir, "aa"); err != nil || r == nil || !r.Same {
		t.Errorf("of the plan: %v, %v", r, err)
	}
	if r, err := ReadReport(dir, "bb"); r != nil || err != nil {
		t.Errorf("of a different plan: %v, %v", r, err)
	}
	if err := os.WriteFile(path, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadReport(dir, "aa"); err == nil {
		t.Error("a damaged file was read")
	}
}

func TestFileThatOnlyTheSecondBuildHasIsCompared(t *testing.T) {
	first, second := pair(t, "config", []byte("same"), []byte("same"))
	for _, name := range []string{Vmlinux, "extra.dtb"} {
		if err := os.WriteFile(filepath.Join(second, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := CompareArtefacts(first, second, []plan.Artefact{{Path: "config"}}, Markers{})
	if err != nil || len(got) != 1 || got[0].File != "extra.dtb" {
		t.Errorf("got %v, %v", got, err)
	}
}
