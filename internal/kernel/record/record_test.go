package record

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/boot"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/reproduce"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// kernelIn makes the folder of an extracted kernel for amd64 in dir, with an image and a
// manifest, and returns both.
func kernelIn(t *testing.T, dir, name, version string) (folder string, m plan.Manifest) {
	t.Helper()
	folder = filepath.Join(dir, name+"-"+version+"-amd64")
	write(t, filepath.Join(folder, "bzImage"), "the image of "+name)
	sum, err := trust.HashFile(filepath.Join(folder, "bzImage"))
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
	m = plan.Manifest{
		Schema: plan.ManifestSchema, Name: name, Version: version, Arch: "amd64", Plan: strings.Repeat("ab", 32), Why: "it has not been built yet",
		Source: plan.SourceRecord{
			Source:    plan.Source{Kind: source.KernelOrg, Version: version, SHA256: strings.Repeat("5c", 32)},
			Signature: plan.Signature{Status: "verified", Signer: "Greg Kroah-Hartman"},
		},
		Patches:   []plan.Patch{{Name: "a.patch", SHA256: strings.Repeat("aa", 32)}},
		Toolchain: plan.ToolchainRecord{Image: "sha256:" + strings.Repeat("ee", 32), Base: "registry", Compiler: "gcc 14.2", Linker: "GNU ld 2.44"},
		Config:    plan.ConfigRecord{SHA256: strings.Repeat("cf", 32), Asked: 12, Kept: 11},
		Steps: []plan.StepRecord{
			{Name: "prepare", Seconds: 0.25},
			{Name: "compile", Seconds: 61, In: []plan.Material{{Path: "/output/.config", SHA256: strings.Repeat("cf", 32)}}, Out: []plan.Material{{Path: "/output/arch/x86/boot/bzImage", SHA256: sum}}},
		},
		Cache:     plan.CacheRecord{Hits: 3, Misses: 7},
		Artefacts: []plan.Artefact{{Path: "bzImage", SHA256: sum, Size: 1 << 20}},
		Started:   start, Finished: start.Add(75 * time.Second),
	}
	save(t, filepath.Join(folder, plan.ManifestFile), m)
	return folder, m
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func save(t *testing.T, path string, v any) {
	t.Helper()
	if err := report.Write(path, v); err != nil {
		t.Fatal(err)
	}
}

// verified adds a boot.json and a reproduce.json about a kernel with a plan and an image.
func verified(t *testing.T, folder string, m plan.Manifest, planHash, image string) {
	t.Helper()
	save(t, filepath.Join(folder, boot.ReportFile), boot.Report{
		Schema: boot.Schema, Name: m.Name, Version: m.Version, Arch: m.Arch, Plan: planHash, Image: image,
		Verdict: boot.Booted, Stage: boot.StageOff, Init: 1.5, QEMU: "QEMU 10.0", Accelerator: "kvm",
	})
	save(t, filepath.Join(folder, reproduce.ReportFile), reproduce.Report{
		Schema: reproduce.Schema, Name: m.Name, Version: m.Version, Arch: m.Arch, Plan: planHash, Same: true, Varied: []string{"clock"}, Artefacts: m.Artefacts,
	})
}

func TestReportsOfTheKernel(t *testing.T) {
	for name, tc := range map[string]struct {
		plan, image      string // of the reports; "" for the manifest's
		boot, reproduced bool
	}{
		"about this kernel":       {boot: true, reproduced: true},
		"about a different plan":  {plan: "other"},
		"about a different image": {image: "other", reproduced: true}, // only a boot is about one image
	} {
		dir := t.TempDir()
		folder, m := kernelIn(t, dir, "micro", "6.12.5")
		planHash, image := m.Plan, m.SumOf("bzImage")
		if tc.plan != "" {
			planHash = tc.plan
		}
		if tc.image != "" {
			image = tc.image
		}
		verified(t, folder, m, planHash, image)
		list, err := List(dir, nil)
		if err != nil || len(list) != 1 {
			t.Fatalf("%s: %v, %v", name, list, err)
		}
		r := list[0].Record
		if r.Folder != folder || r.Image != m.Artefacts[0] || (r.Boot != nil) != tc.boot || (r.Rebuild != nil) != tc.reproduced {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestDamagedDocumentsAreErrors(t *testing.T) {
	for _, file := range []string{plan.ManifestFile, boot.ReportFile, reproduce.ReportFile} {
		dir := t.TempDir()
		folder, _ := kernelIn(t, dir, "micro", "6.12.5")
		write(t, filepath.Join(folder, file), `{"schema": `)
		_, listErr := List(dir, nil)
		_, whyErr := Why(dir, "")
		for _, err := range []error{listErr, whyErr} {
			if fault.Code(err) != int(fault.Failed) || !strings.Contains(err.Error(), folder) || !strings.Contains(err.Error(), "go tool mage extract") {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}

func TestStatusOfListedKernels(t *testing.T) {
	dir := t.TempDir()
	kernelIn(t, dir, "old", "6.12.5")
	if err := os.Mkdir(filepath.Join(dir, "no-kernel"), 0o755); err != nil {
		t.Fatal(err)
	}
	listed, err := release.Parse("6.12.8")
	if err != nil {
		t.Fatal(err)
	}
	data := &release.Data{Now: time.Now(), Feed: release.Feed{Releases: []release.Listed{{Version: listed, Moniker: "longterm"}}}}
	list, err := List(dir, data)
	if err != nil || len(list) != 1 || list[0].Status == nil || list[0].Status.Behind != 3 {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err = List(filepath.Join(dir, "none"), data); err != nil || len(list) != 0 {
		t.Errorf("of a folder that does not exist: %v, %v", list, err)
	}
}
