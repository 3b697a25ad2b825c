package boot

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// testable returns the least configuration that can be tested.
func testable(t *testing.T, a arch.Arch) map[string]string {
	t.Helper()
	options := map[string]string{consoleOption(a.QEMU.Console): "y"}
	for _, name := range initNeeds {
		options[name] = "y"
	}
	for _, option := range a.InitABI {
		name, value, ok := strings.Cut(option, "=")
		if !ok || value != "y" && value != "n" {
			t.Errorf("%s: InitABI has %q, expected NAME=y or NAME=n", a.Name, option)
		}
		options[name] = value
	}
	return options
}

// TestEachNeedIsNamed takes each option that a boot needs from a configuration of each
// architecture.
func TestEachNeedIsNamed(t *testing.T) {
	for _, a := range arch.All() {
		k := Kernel{Arch: a, Options: testable(t, a)}
		if why := k.unmet(); why != "" {
			t.Errorf("%s: %s", a.Name, why)
		}
		for name, value := range testable(t, a) {
			k.Options = testable(t, a)
			if delete(k.Options, name); value == "n" {
				k.Options[name] = "y"
			}
			if why := k.unmet(); name == "" || strings.Count(why, "CONFIG_") != 1 || !strings.Contains(why, "needs "+name) {
				t.Errorf("%s without %q: %q", a.Name, name, why)
			}
		}
	}
	if why := (Kernel{}).unmet(); why != "" {
		t.Errorf("an unknown configuration: %s", why)
	}
}

// TestUntestableKernelIsNotBooted has no emulator and no engine, which are not asked for.
func TestUntestableKernelIsNotBooted(t *testing.T) {
	a, err := arch.Find("amd64")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	options := testable(t, a)
	delete(options, "CONFIG_EVENTFD")
	delete(options, "CONFIG_SERIAL_8250_CONSOLE")
	var config strings.Builder
	for name := range options {
		config.WriteString(name + "=y\n")
	}
	if err := os.WriteFile(filepath.Join(folder, "config"), []byte(config.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	image := make([]byte, 1<<10)
	for _, mark := range a.Magic {
		copy(image[mark.Offset:], mark.Bytes)
	}
	if err := os.WriteFile(filepath.Join(folder, "bzImage"), image, 0o644); err != nil {
		t.Fatal(err)
	}
	v, err := release.Parse("6.12.1")
	if err != nil {
		t.Fatal(err)
	}
	m := plan.Manifest{Name: "micro", Version: "6.12.1", Arch: a.Name, Source: plan.SourceRecord{Source: plan.Source{Version: v.String()}}}
	if err := report.Write(filepath.Join(folder, plan.ManifestFile), m); err != nil {
		t.Fatal(err)
	}
	r, err := (&Booter{Console: report.New(t.Output(), t.Output(), "")}).Boot(t.Context(), folder, Limits{})
	const why = "the first program needs CONFIG_EVENTFD; its output on ttyS0 needs CONFIG_SERIAL_8250_CONSOLE"
	if err != nil || r.Verdict != Untestable || r.Why != why || fault.Code(r.Err()) != int(fault.Usage) {
		t.Fatalf("%s, %v", r, err)
	}
	var saved Report
	if err := report.Read(filepath.Join(folder, ReportFile), &saved); err != nil || saved.Verdict != Untestable || saved.Warnings == nil {
		t.Errorf("boot.json: %+v, %v", saved, err)
	}
}

func TestJUnit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "boot.xml")
	err := WriteJUnit(path, []Report{
		{Name: "a", Verdict: Booted, Warnings: []string{"WARNING: one", "WARNING: <two>"}}, {Name: "b", Verdict: Untestable, Why: "it needs more"}, {Name: "c", Verdict: Panic, Why: "no init", Tail: []string{"end"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var s junitSuite
	if err := xml.Unmarshal(text, &s); err != nil || s.Tests != 3 || s.Failures != 1 || s.Skipped != 1 {
		t.Fatalf("%v in\n%s", err, text)
	}
	if c := s.Cases; c[0].Output != "WARNING: one\nWARNING: <two>" || c[0].Failure != nil || c[1].Skipped.Message != "it needs more" || c[2].Failure.Message != "no init" || c[2].Failure.Tail != "end" {
		t.Errorf("%s", text)
	}
}
