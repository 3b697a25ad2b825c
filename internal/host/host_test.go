package host

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/report"
)

func TestSystem(t *testing.T) {
	for text, want := range map[string]struct {
		debian  bool
		install string
	}{
		"ID=debian\n":                             {true, "sudo apt-get update"},
		"ID=ubuntu\nID_LIKE=debian\n":             {true, "sudo apt-get update"},
		"ID=fedora\n":                             {false, "sudo dnf"},
		"ID=\"rocky\"\nID_LIKE=\"rhel fedora\"\n": {false, "sudo dnf"},
		"ID=arch\n":                               {false, "sudo pacman"},
		"":                                        {false, "install and start a Docker engine"},
	} {
		root := t.TempDir()
		if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, "etc/os-release"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		s := readSystem(root)
		if s.debian() != want.debian || !strings.HasPrefix(s.installCommands([]string{"docker.io"}), want.install) {
			t.Errorf("%q: debian %v, commands %q", text, s.debian(), s.installCommands([]string{"docker.io"}))
		}
	}
}

func TestMissingNamesEachPackageOnce(t *testing.T) {
	got := packagesOf(missing([]Dependency{
		{Program: "sh", Packages: []string{"dash"}}, {Program: "no-such-a", Packages: []string{"one"}},
		{Program: "no-such-b", Packages: []string{"one", "three"}}, {Program: "no-such-c", Packages: []string{"two"}},
	}))
	if strings.Join(got, " ") != "one three two" {
		t.Errorf("got %v", got)
	}
}

func TestUnavailableOptionalDependencyIsLeftOut(t *testing.T) {
	if _, err := exec.LookPath("apt-cache"); err != nil {
		t.Skip("SKIPPED: no apt on this machine")
	}
	var log bytes.Buffer
	got := (Installer{Console: report.New(&log, &log, ""), Environ: os.Environ()}).available(t.Context(), []Dependency{Emulator("qemu-system-vax", []string{"no-such-package-vax"}), {Name: "needed"}})
	if len(got) != 1 || got[0].Name != "needed" || !strings.Contains(log.String(), "boot in a container") {
		t.Errorf("got %v: %s", got, log.String())
	}
}

func TestSetupWithNothingMissingIsFast(t *testing.T) {
	var out bytes.Buffer
	start := time.Now()
	i := Installer{Console: report.New(&out, &out, ""), Probe: func(context.Context) error { return nil }}
	err := i.Setup(t.Context(), []Dependency{{Program: "sh", Packages: []string{"dash"}}})
	if err != nil || out.String() != "setup: nothing is missing\n" || time.Since(start) > time.Second {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func TestStalePidFile(t *testing.T) {
	for name, tc := range map[string]struct {
		comm string // of the process with that number; "" for none
		kept bool
	}{
		"a dockerd":           {"dockerd\n", true},
		"a containerd":        {"containerd\n", true},
		"no process":          {"", false},
		"a different program": {"postgres\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "docker.pid")
			if err := os.WriteFile(file, []byte("42\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			if tc.comm != "" {
				if err := os.Mkdir(filepath.Join(dir, "42"), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, "42/comm"), []byte(tc.comm), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := clearStale(file, dir); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(file); (err == nil) != tc.kept {
				t.Errorf("kept is %v, want %v", err == nil, tc.kept)
			}
		})
	}
}

func TestServicesAreBlockedWhileInstalling(t *testing.T) {
	policy := filepath.Join(t.TempDir(), "policy-rc.d")
	release, err := blockServices(policy)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(policy); err != nil {
		t.Error("services are not blocked")
	}
	release()
	if _, err := os.Stat(policy); err == nil {
		t.Error("the policy is not removed")
	}
	if err := os.WriteFile(policy, []byte("mine"), 0o755); err != nil {
		t.Fatal(err)
	}
	if release, err = blockServices(policy); err != nil {
		t.Fatal(err)
	}
	release()
	if text, _ := os.ReadFile(policy); string(text) != "mine" {
		t.Error("the machine's own policy was changed")
	}
}

func TestListsAreOld(t *testing.T) {
	dir := t.TempDir()
	if !listsAreOld(dir, time.Now()) {
		t.Error("missing lists count as fresh")
	}
	if err := os.WriteFile(filepath.Join(dir, "x_Packages"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if listsAreOld(dir, time.Now()) || !listsAreOld(dir, time.Now().Add(25*time.Hour)) {
		t.Error("wrong age")
	}
}

func TestDoctorReportsAllFindingsAndNamesTheMissing(t *testing.T) {
	fine := func(context.Context) Finding { return Finding{Name: "fine", State: OK} }
	hung := func(ctx context.Context) Finding {
		<-ctx.Done()
		return Finding{Name: "hung", State: Warn}
	}
	start := time.Now()
	findings, err := Doctor(t.Context(), []Check{
		fine, hung, Program(Dependency{Program: "no-such", Packages: []string{"p"}}), Program(Dependency{Program: "no-such", Packages: []string{"p"}, Optional: true}),
		Reach("nowhere", "http://host.invalid", "base images are bootstrapped"), KVM, Machine, Disk("disk", t.TempDir()),
	})
	if fault.Code(err) != int(fault.Environment) || !strings.Contains(err.Error(), "no-such") {
		t.Errorf("got %v", err)
	}
	if len(findings) != 8 || findings[2].State != Missing || findings[3].State != Warn || findings[4].State != Warn {
		t.Errorf("findings %v", findings)
	}
	if time.Since(start) > 4*time.Second {
		t.Errorf("it took %s", time.Since(start))
	}
}

func TestEngineThatEndsIsAnError(t *testing.T) {
	ended := make(chan error, 1)
	ended <- errors.New("exit status 1")
	err := await(t.Context(), func(context.Context) error { return errors.New("no") }, ended)
	if fault.Code(err) != int(fault.Environment) || !strings.Contains(err.Error(), "exit status 1") {
		t.Errorf("got %v", err)
	}
}

func TestDaemonEnvironHasNoTemporaryFolder(t *testing.T) {
	got := daemonEnviron([]string{"HOME=/root", "TMPDIR=/run/of/mine", "PATH=/bin"})
	text := strings.Join(got, "\n")
	if strings.Contains(text, "TMPDIR") || !strings.Contains(text, "HOME=/root") || !strings.HasSuffix(text, "\nPATH=/bin:/usr/local/sbin:/usr/sbin:/sbin") {
		t.Errorf("got %q", got)
	}
}
