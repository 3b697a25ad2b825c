package boot

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// Verdict is the result of a boot.
type Verdict string

// The verdicts.
const (
	Booted      Verdict = "booted"
	Panic       Verdict = "panic"        // the kernel panicked
	Oops        Verdict = "oops"         // the kernel reported an internal error, whatever came after
	Hang        Verdict = "hang"         // the kernel's output stopped
	Silent      Verdict = "silent"       // no output of the kernel: it has no console
	Died        Verdict = "died"         // the machine ended before the init program reported
	Broken      Verdict = "broken"       // a feature that programs rely on does not work
	WrongKernel Verdict = "wrong kernel" // not the kernel of the manifest
	NoQEMU      Verdict = "no QEMU"      // no emulator to boot it in
	Untestable  Verdict = "untestable"   // it cannot run the init program: nothing was booted
)

// Schema names the form of boot.json.
const Schema = "kiln/boot/v1"

// Report is the record of a boot: boot.json.
type Report struct {
	Schema      string   `json:"schema"`
	Name        string   `json:"name"`
	Version     string   `json:"version"`
	Arch        string   `json:"arch"`
	Plan        string   `json:"plan"`  // of the kernel that was booted
	Image       string   `json:"image"` // sha256 of the file that was booted
	Verdict     Verdict  `json:"verdict"`
	Stage       Stage    `json:"stage"`
	Why         string   `json:"why"`         // the reason, "" if booted
	Seconds     float64  `json:"seconds"`     // until the verdict
	Init        float64  `json:"init"`        // seconds until the init program ran; 0 if it did not
	Accelerator string   `json:"accelerator"` // kvm or tcg
	QEMU        string   `json:"qemu"`        // version of the emulator
	Where       string   `json:"where"`       // "host" or "container"
	Release     string   `json:"release"`     // output of uname -r
	Checks      []Check  `json:"checks"`
	Warnings    []string `json:"warnings"` // errors that the kernel reported and survived
	Tail        []string `json:"tail"`     // the last lines of the console
	InitHash    string   `json:"prover"`   // of the init program and the toolchain that compiled it
}

// String returns the kernel, the verdict and the reason in one line.
func (r Report) String() string {
	return r.Folder() + ": " + r.Outcome()
}

// Outcome returns the verdict and the reason.
func (r Report) Outcome() string {
	switch {
	case r.Verdict == Untestable:
		return fmt.Sprintf("%s: %s", r.Verdict, r.Why)
	case r.Verdict == Booted:
		text := fmt.Sprintf("%s in %.1f s (%s, %s)", r.Verdict, r.Init, r.QEMU, r.Accelerator)
		if n := len(r.Warnings); n > 0 {
			text += fmt.Sprintf("; the kernel's warnings: %d", n)
		}
		return text
	}
	return fmt.Sprintf("%s at stage %s: %s", r.Verdict, r.Stage, r.Why)
}

// Folder returns the kernel's folder in dist/kernels.
func (r Report) Folder() string { return r.Name + "-" + r.Version + "-" + r.Arch }

// Err returns nil for a booted kernel, else an error with the end of the output.
func (r Report) Err() error {
	switch r.Verdict {
	case Booted:
		return nil
	case NoQEMU:
		return fault.New(fault.Environment, "go tool mage setup", "boot kernel %s", r)
	case Untestable:
		return fault.New(fault.Usage, "set the options in the kernel's config in kernels.toml, or choose other kernels with -name and -arch", "boot kernel %s", r)
	}
	return fault.New(fault.Failed, "", "%s", strings.Join(append([]string{"boot kernel " + r.String()}, r.Tail...), "\n    "))
}

// newReport returns the report of a kernel that printed nothing.
func newReport(v Verdict, why string) Report {
	return Report{Schema: Schema, Verdict: v, Stage: StageNone, Why: why, Checks: []Check{}, Warnings: []string{}, Tail: []string{}}
}

// report returns the report of a machine that has ended. ended is the emulator's error, or why
// Kiln ended it; written is whether the disk has what the init program writes.
func (c *console) report(k Kernel, ended error, written bool) Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := newReport("", "")
	r.Stage, r.Init, r.Warnings = c.stage, c.toInit.Seconds(), c.warnings.all()
	r.Tail = append(r.Tail, c.tail...)
	r.Seconds = c.last.Sub(c.start).Round(time.Millisecond).Seconds()
	if c.guest != nil {
		r.Release, r.Checks = c.guest.Release, append(r.Checks, c.guest.Checks...)
		if k.printsNothing() {
			r.Checks = append(r.Checks, Check{Name: "warnings", State: "absent", Got: "the kernel prints none: " + printOption + " is off"})
		}
		if ended == nil {
			r.Stage = StageOff
		}
	}
	r.Verdict, r.Why = c.verdict(k, ended, written)
	return r
}

// verdict returns the verdict and the reason.
func (c *console) verdict(k Kernel, ended error, written bool) (Verdict, string) {
	byItself := !errors.Is(ended, errQuiet) && !errors.Is(ended, errTotal) && !errors.Is(ended, errNotOff)
	switch {
	case c.crash != "":
		return c.crash, c.crashLine + c.advice()
	case c.guest != nil:
		return c.guest.verdict(k, written)
	case !byItself && c.early():
		return Silent, c.ending(ended) + ", and none of the kernel: " + k.silence("did not start")
	case !byItself:
		return Hang, fmt.Sprintf("%v after %q", ended, c.lastLine())
	case c.early() && ended == nil:
		return Silent, "the machine powered off without output of the kernel: " + k.silence("ended before that was set up")
	case c.stage == StageNone:
		return NoQEMU, "the emulator ended: " + c.ending(ended)
	case ended != nil:
		return Died, "the machine ended before the init program reported: " + c.ending(ended)
	}
	return Died, "the machine ended before the init program reported"
}

// ending returns why a machine ended, with the emulator's stderr.
func (c *console) ending(ended error) string {
	return strings.TrimSpace(fmt.Sprintf("%v %s", ended, c.stderr.String()))
}

// lastLine returns the last line of output.
func (c *console) lastLine() string {
	if len(c.tail) == 0 {
		return ""
	}
	return c.tail[len(c.tail)-1]
}

// verdict compares the report of the init program with what the kernel must be.
func (g guest) verdict(k Kernel, written bool) (Verdict, string) {
	switch {
	case k.Release != "" && g.Release != k.Release:
		return WrongKernel, fmt.Sprintf("uname -r is %s, expected %s as in the manifest", g.Release, k.Release)
	case !hasTime(g.Version, k.Time):
		return WrongKernel, fmt.Sprintf("uname -v is %q, expected the time %q in it", g.Version, k.Time)
	case g.Banner != "" && !strings.Contains(g.Banner, k.Builder):
		return WrongKernel, fmt.Sprintf("/proc/version is %q, expected %q in it", g.Banner, k.Builder)
	case k.Config != "" && g.Config != "" && g.Config != k.Config:
		return WrongKernel, fmt.Sprintf("sha256 of its configuration is %.12s, expected %.12s as in the manifest", g.Config, k.Config)
	}
	required := k.required()
	for _, check := range g.Checks {
		if check.State == "failed" || check.State == "absent" && required[check.Name] {
			return Broken, check.Name + ": " + check.Got
		}
		if check.Name == "block device" && check.State == "passed" && !written {
			return Broken, check.Name + ": what was written is not on the disk"
		}
	}
	return Booted, ""
}

// versionLength is the most characters of uname -v: kbuild cuts it off there, the time at
// its end first (scripts/mkcompile_h, init/Makefile).
const versionLength = 64

// hasTime reports whether a kernel's version, as uname -v prints it, has the time of the
// build, or the part of it that fits.
func hasTime(version, time string) bool {
	if strings.Contains(version, time) {
		return true
	}
	if len(version) < versionLength {
		return false
	}
	for n := len(time); n > 0; n-- {
		if strings.HasSuffix(version, " "+time[:n]) {
			return true
		}
	}
	return false
}

// advice returns the usual cause of a panic, in parentheses, or "".
func (c *console) advice() string {
	switch {
	case strings.Contains(c.crashLine, "Unable to mount root fs"):
		return " (the initramfs was not used: enable CONFIG_BLK_DEV_INITRD)"
	case strings.Contains(c.crashLine, "No working init found"), strings.Contains(c.crashLine, "Requested init"):
		return " (the init program cannot be run: enable CONFIG_BINFMT_ELF)"
	case c.died != "":
		return " (the init program ended with: " + c.died + ")"
	}
	return ""
}
