package boot

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/toolchain"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// TestBootOnceTrustsTheReport has no emulator: boot.json is about the kernel in the folder.
func TestBootOnceTrustsTheReport(t *testing.T) {
	a, err := arch.Find("amd64")
	if err != nil {
		t.Fatal(err)
	}
	v, err := release.Parse("6.12.5")
	if err != nil {
		t.Fatal(err)
	}
	m := plan.Manifest{Arch: a.Name, Plan: "aa", Artefacts: []plan.Artefact{{Path: "bzImage", SHA256: "bb"}}, Source: plan.SourceRecord{Source: plan.Source{Version: v.String()}}}
	for name, tc := range map[string]struct {
		change func(*Report)
		booted bool
	}{
		"this kernel":            {func(*Report) {}, true},
		"different plan":         {func(r *Report) { r.Plan = "cc" }, false},
		"different image":        {func(r *Report) { r.Image = "cc" }, false},
		"did not boot":           {func(r *Report) { r.Verdict = Panic }, false},
		"different init program": {func(r *Report) { r.InitHash = "cc" }, false},
	} {
		folder := t.TempDir()
		r := Report{Schema: Schema, Plan: "aa", Image: "bb", Verdict: Booted, InitHash: initHash(a)}
		tc.change(&r)
		for file, document := range map[string]any{"manifest.json": m, "boot.json": r} {
			if err := report.Write(filepath.Join(folder, file), document); err != nil {
				t.Fatal(err)
			}
		}
		if _, ok := booted(folder); ok != tc.booted {
			t.Errorf("%s: booted is %v", name, ok)
		}
		if !tc.booted {
			continue
		}
		if got, before, err := (&Booter{}).BootOnce(t.Context(), folder, Limits{}); err != nil || !before || got.Plan != "aa" {
			t.Errorf("%s: %+v, %v, %v", name, got, before, err)
		}
	}
}

// TestNoEmulatorAnywhere looks for an emulator that neither this machine nor Debian has.
func TestNoEmulatorAnywhere(t *testing.T) {
	a, err := arch.Find("amd64")
	if err != nil {
		t.Fatal(err)
	}
	a.QEMU.Binary, a.QEMU.Packages = "no-such-emulator", []string{"no-such-package"}
	e, c := enginetest.Engine(t), report.New(t.Output(), t.Output(), "")
	b := &Booter{Engine: e, Images: toolchain.New(base.Provider{Engine: e, Console: c, Environ: os.Environ()}), Console: c, Init: InitProgram{Cache: t.TempDir(), Environ: os.Environ()}}
	r, err := b.bootKernel(t.Context(), plan.Manifest{}, a, t.TempDir(), Limits{})
	if err != nil || r.Verdict != NoQEMU || fault.Code(r.Err()) != int(fault.Environment) {
		t.Errorf("%s, %v", r, err)
	}
}

// FuzzReadReport reads any boot.json and manifest.json: an error, or a report about the kernel
// that was asked for.
func FuzzReadReport(f *testing.F) {
	f.Add(`{"schema":"kiln/boot/v1","plan":"aa","image":"bb","verdict":"booted"}`, `{"arch":"amd64","plan":"aa","source":{"version":"6.12.1"}}`)
	f.Add(`{"schema":"kiln/boot/v2"}`, `{"artefacts":[{"path":"bzImage","sha256":"bb"}]}`)
	f.Add(`null`, `[]`)
	f.Add(`{"plan":1,"checks":[null],"tail":null}`, `{"arch":"none"}`)
	f.Fuzz(func(t *testing.T, document, manifest string) {
		folder := t.TempDir()
		for name, text := range map[string]string{ReportFile: document, plan.ManifestFile: manifest} {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		r, err := ReadReport(folder, "aa", "bb")
		if err == nil && r != nil && (r.Plan != "aa" || r.Image != "bb") {
			t.Errorf("it is about plan %q and image %q", r.Plan, r.Image)
		}
		if r != nil {
			_ = r.String() + r.Folder()
		}
		booted(folder)
		result.CheckFolder(folder)
	})
}
