package boot

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
)

const testTime = "Fri Nov 20 17:06:56 UTC 2026"

// testKernel is a kernel as a manifest describes it.
var testKernel = Kernel{
	Release: "6.12.1", Time: testTime, Builder: "(kiln@kiln)", Config: "c0ffee",
	Options: map[string]string{"CONFIG_DEVTMPFS": "y", "CONFIG_UNIX": "y", "CONFIG_VIRTIO_BLK": "y", "CONFIG_VIRTIO_PCI": "y"},
}

// reportLine returns the report of an init program with all checks passed, changed by change.
func reportLine(t *testing.T, change func(*guest)) string {
	t.Helper()
	g := guest{Release: "6.12.1", Version: "#1 SMP " + testTime, Banner: "Linux version 6.12.1 (kiln@kiln)", Config: "c0ffee", Checks: []Check{
		{"process", "passed", ""}, {"unix socket", "passed", ""}, {"block device", "passed", ""}, {"network device", "absent", "no network card"},
	}}
	change(&g)
	text, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	return initReport + string(text)
}

func TestVerdicts(t *testing.T) {
	const linux = "[    0.000000] Linux version 6.12.1 (kiln@kiln)"
	passed := reportLine(t, func(*guest) {})
	for name, tc := range map[string]struct {
		lines   []string
		ended   error
		lost    bool // the disk does not have what was written
		verdict Verdict
		stage   Stage
		why     string
		stderr  string
	}{
		"booted":                  {lines: []string{linux, initStarted, passed}, verdict: Booted, stage: StageOff},
		"does not power off":      {lines: []string{linux, initStarted, passed}, ended: errNotOff, verdict: Booted, stage: StageReport},
		"panic":                   {lines: []string{linux, "[ 1.0] Kernel panic - not syncing: Attempted to kill init!"}, verdict: Panic, stage: StageKernel, why: "Attempted to kill init"},
		"no initramfs":            {lines: []string{linux, "[ 1.0] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)"}, verdict: Panic, stage: StageKernel, why: "CONFIG_BLK_DEV_INITRD"},
		"oops, then a panic":      {lines: []string{linux, "[ 1.0] Oops: 0002 [#1]", "[ 1.1] Kernel panic - not syncing: Fatal exception"}, verdict: Oops, stage: StageKernel, why: "0002"},
		"oops, booted after":      {lines: []string{linux, "[ 1.0] Internal error: Oops: 5 [#1] ARM", initStarted, passed}, verdict: Oops, stage: StageOff},
		"soft lockup":             {lines: []string{linux, "[ 1.0] watchdog: BUG: soft lockup - CPU#0 stuck for 22s!", initStarted, passed}, verdict: Booted, stage: StageOff},
		"hang":                    {lines: []string{linux}, ended: errQuiet, verdict: Hang, stage: StageKernel, why: "no more output"},
		"hang of init":            {lines: []string{linux, initStarted}, ended: errTotal, verdict: Hang, stage: StageInit},
		"silent":                  {ended: errQuiet, verdict: Silent, stage: StageNone, why: "console"},
		"silent but firmware":     {lines: []string{"OpenSBI v1.2"}, ended: errQuiet, verdict: Silent, stage: StageFirmware},
		"silent, powers off":      {verdict: Silent, stage: StageNone, why: "without output"},
		"died":                    {lines: []string{linux}, verdict: Died, stage: StageKernel},
		"emulator dies":           {lines: []string{linux}, ended: errors.New("exit status 1"), stderr: "bad opcode", verdict: Died, stage: StageKernel, why: "exit status 1 bad opcode"},
		"emulator fails":          {ended: errors.New("exit status 1"), stderr: "no such machine", verdict: NoQEMU, stage: StageNone, why: "no such machine"},
		"different release":       {lines: []string{linux, reportLine(t, func(g *guest) { g.Release = "6.12.2" })}, verdict: WrongKernel, stage: StageOff, why: "6.12.2"},
		"different builder":       {lines: []string{linux, reportLine(t, func(g *guest) { g.Banner = "Linux version 6.12.1 (me@home)" })}, verdict: WrongKernel, stage: StageOff, why: "me@home"},
		"different configuration": {lines: []string{linux, reportLine(t, func(g *guest) { g.Config = "decaf" })}, verdict: WrongKernel, stage: StageOff, why: "decaf"},
		"failed check":            {lines: []string{linux, reportLine(t, func(g *guest) { g.Checks[0] = Check{"process", "failed", "no exec"} })}, verdict: Broken, stage: StageOff, why: "no exec"},
		"missing device":          {lines: []string{linux, reportLine(t, func(g *guest) { g.Checks[2] = Check{"block device", "absent", "no /dev/vda"} })}, verdict: Broken, stage: StageOff, why: "/dev/vda"},
		"lost writes":             {lines: []string{linux, passed}, lost: true, verdict: Broken, stage: StageOff, why: "not on the disk"},
		"no time":                 {lines: []string{linux, reportLine(t, func(g *guest) { g.Version = "#1 SMP" })}, verdict: WrongKernel, stage: StageOff, why: testTime},
		"different time":          {lines: []string{linux, reportLine(t, func(g *guest) { g.Version = "#1 SMP Sat Nov 21 17:06:56 UTC 2026" })}, verdict: WrongKernel, stage: StageOff, why: testTime},
		"time cut off":            {lines: []string{linux, reportLine(t, func(g *guest) { g.Version = ("#1 SMP PREEMPT_DYNAMIC RT a-long-list-of-words " + testTime)[:64] })}, verdict: Booted, stage: StageOff},
		"different time cut off": {lines: []string{linux, reportLine(t, func(g *guest) {
			g.Version = ("#1 SMP PREEMPT_DYNAMIC RT a-long-list-of-words Sat Nov 21 17:06:56 UTC 2026")[:64]
		})}, verdict: WrongKernel, stage: StageOff},
		"no /proc":              {lines: []string{linux, reportLine(t, func(g *guest) { g.Banner, g.Config = "", "" })}, verdict: Booted, stage: StageOff},
		"init cannot run":       {lines: []string{linux, initStarted, "runtime: eventfd failed with 38", "fatal error: runtime: eventfd failed", "goroutine 1:", "[ 1.0] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000200"}, verdict: Panic, stage: StageInit, why: "(the init program ended with: runtime: eventfd failed with 38)"},
		"no printk":             {lines: []string{"SeaBIOS", initStarted, passed}, verdict: Booted, stage: StageOff},
		"no printk, silent":     {lines: []string{"SeaBIOS"}, ended: errQuiet, verdict: Silent, stage: StageFirmware, why: "CONFIG_PRINTK is off, so the kernel prints nothing"},
		"no printk, powers off": {lines: []string{"SeaBIOS"}, verdict: Silent, stage: StageFirmware, why: "CONFIG_PRINTK is off, so the kernel prints nothing"},
		"half a report":         {lines: []string{linux, initStarted, passed[:len(passed)/2]}, ended: errQuiet, verdict: Hang, stage: StageInit},
	} {
		t.Run(name, func(t *testing.T) {
			k := testKernel
			k.Arch, _ = arch.Find("amd64")
			k.Options = maps.Clone(k.Options)
			silent := strings.HasPrefix(name, "no printk")
			k.Options["CONFIG_PRINTK"] = map[bool]string{true: "n", false: "y"}[silent]
			c := newConsole(time.Now, nil)
			c.stderr.WriteString(tc.stderr)
			w := c.lines()
			for _, line := range tc.lines {
				if _, err := w.Write([]byte(line + "\r\n")); err != nil {
					t.Fatal(err)
				}
			}
			r := c.report(k, tc.ended, !tc.lost)
			if r.Verdict != tc.verdict || r.Stage != tc.stage || !strings.Contains(r.Why, tc.why) {
				t.Errorf("%s at %s: %s; want %s at %s: %s", r.Verdict, r.Stage, r.Why, tc.verdict, tc.stage, tc.why)
			}
			if named := slices.ContainsFunc(r.Checks, func(c Check) bool { return c.Name == "warnings" && c.State == "absent" }); named != (silent && tc.verdict == Booted) {
				t.Errorf("that warnings are not printed is reported: %v", named)
			}
			if (r.Err() == nil) != (tc.verdict == Booted) {
				t.Errorf("its error is %v", r.Err())
			}
		})
	}
}

// TestEnvironmentProblemIsNoVerdict ends a machine after output of the kernel.
func TestEnvironmentProblemIsNoVerdict(t *testing.T) {
	image := filepath.Join(t.TempDir(), "kernel")
	if err := os.WriteFile(image, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	k := Kernel{Image: image, Arch: arch.Arch{Name: runtime.GOARCH}}
	for name, ended := range map[string]error{
		"engine":                fault.New(fault.Environment, "", "no engine"),
		"killed":                exec.Command("sh", "-c", "kill -KILL $$").Run(),
		"killed in a container": &engine.ExitError{Code: killedCode},
		"ended by itself":       &engine.ExitError{Code: 1},
		"no error":              nil,
		"a signal of QEMU":      exec.Command("sh", "-c", "kill -ABRT $$").Run(),
	} {
		m := Machine{Emulate: func(_ context.Context, _ []string, _ string, stdout, _ io.Writer) error {
			io.WriteString(stdout, "Linux version 6.12.1\n")
			return ended
		}}
		r, err := boot(t.Context(), m, k, Limits{}, InitProgram{Cache: t.TempDir(), Environ: os.Environ()}, nil)
		if outside := strings.Contains(name, "engine") || strings.Contains(name, "killed"); outside != (fault.Code(err) == int(fault.Environment)) || !outside && r.Verdict != Died {
			t.Errorf("%s: %s, %v", name, r.Verdict, err)
		}
	}
}

func TestLimits(t *testing.T) {
	clock := time.Unix(0, 0)
	c := newConsole(func() time.Time { return clock }, nil)
	l := Limits{Quiet: time.Minute, Total: 2 * time.Minute}
	for _, step := range []struct {
		wait time.Duration
		line string
		want error
	}{
		{50 * time.Second, "Linux version 6", nil}, {50 * time.Second, "more", nil}, {50 * time.Second, "and more", errTotal}, {61 * time.Second, "", errQuiet},
	} {
		clock = clock.Add(step.wait)
		if step.line != "" {
			c.line(step.line)
		}
		if got := c.exceeded(l); !errors.Is(got, step.want) {
			t.Errorf("after %s: %v, want %v", step.line, got, step.want)
		}
	}
	c.line(reportLine(t, func(*guest) {}))
	if got := c.exceeded(Limits{}.withDefaults()); got != nil {
		t.Errorf("right after its report: %v", got)
	}
	c.line("[    2.0] reboot: Power off not available: System halted instead")
	if got := c.exceeded(Limits{}.withDefaults()); !errors.Is(got, errNotOff) {
		t.Errorf("halted: %v", got)
	}
	c.halted = false
	clock = clock.Add(offGrace + time.Second)
	if got := c.exceeded(Limits{}.withDefaults()); !errors.Is(got, errNotOff) {
		t.Errorf("after its report: %v", got)
	}
}

func TestMinimumVersion(t *testing.T) {
	const version = "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)"
	if err := checkVersion(version, 0); err != nil {
		t.Error(err)
	}
	if err := checkVersion(version, 10); err == nil {
		t.Error("version 7 is accepted, want 10")
	}
	if err := checkVersion("no version", 0); err == nil {
		t.Error("no version is accepted")
	}
}

func TestImageOfADifferentArchitecture(t *testing.T) {
	path := t.TempDir() + "/bzImage"
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	a, err := arch.Find("amd64")
	if err != nil {
		t.Fatal(err)
	}
	r, err := Boot(t.Context(), Machine{}, Kernel{Arch: a, Image: path}, Limits{}, InitProgram{Cache: t.TempDir(), Environ: os.Environ()}, nil)
	if err != nil || r.Verdict != WrongKernel {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestUnreadableImageIsNoVerdict(t *testing.T) {
	a, err := arch.Find("amd64")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Boot(t.Context(), Machine{}, Kernel{Arch: a, Image: t.TempDir()}, Limits{}, InitProgram{}, nil) // a folder cannot be read
	if fault.Code(err) != int(fault.Environment) {
		t.Errorf("got %v", err)
	}
}

func TestEveryArchitectureHasACommandLine(t *testing.T) {
	for _, a := range arch.All() {
		line := strings.Join(argv(Kernel{Arch: a, CommandLine: []string{"kiln.do=hang"}}, Machine{Program: a.QEMU.Binary, Accelerator: TCG}), " ")
		for _, part := range []string{a.QEMU.Binary, "-no-reboot", "console=" + a.QEMU.Console, "kiln.do=hang", "virtio-blk-" + a.QEMU.Bus} {
			if !strings.Contains(line, part) {
				t.Errorf("%s: no %q in %s", a.Name, part, line)
			}
		}
		if busOption[a.QEMU.Bus] == "" {
			t.Errorf("%s: unknown bus %q", a.Name, a.QEMU.Bus)
		}
	}
}

// TestFallbackWithoutKVM lets the emulator fail with KVM, as an older one does on a newer
// kernel.
func TestFallbackWithoutKVM(t *testing.T) {
	a, err := arch.Find("amd64")
	if err != nil {
		t.Fatal(err)
	}
	a.Magic = nil // any file is a kernel
	path := t.TempDir() + "/bzImage"
	if err := os.WriteFile(path, []byte("kernel"), 0o755); err != nil {
		t.Fatal(err)
	}
	var tried []string
	m := Machine{Accelerator: KVM, Emulate: func(_ context.Context, argv []string, _ string, stdout, stderr io.Writer) error {
		if line := strings.Join(argv, " "); strings.Contains(line, "-accel kvm") {
			tried = append(tried, KVM)
			io.WriteString(stderr, "failed to set MSR 0x10a")
			return errors.New("signal: aborted")
		}
		tried = append(tried, TCG)
		io.WriteString(stdout, "[    0.000000] Linux version 6.12\n[    1.0] Kernel panic - not syncing: test\n")
		return nil
	}}
	r, err := Boot(t.Context(), m, Kernel{Arch: a, Image: path}, Limits{}, InitProgram{Cache: t.TempDir(), Environ: os.Environ()}, nil)
	if err != nil || r.Verdict != Panic || r.Accelerator != TCG || strings.Join(tried, " ") != "kvm tcg" {
		t.Errorf("%v: %+v, %v", tried, r, err)
	}
}
