package boot

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// Verdict is what became of a kernel that was booted.
type Verdict string

// The verdicts.
const (
	Booted      Verdict = "booted"
	Panic       Verdict = "panic"        // the kernel gave up
	Oops        Verdict = "oops"         // the kernel met a fault of its own, whatever came after
	Hang        Verdict = "hang"         // the kernel spoke, and then nothing came
	Silent      Verdict = "silent"       // the kernel never spoke: it has no console
	Died        Verdict = "died"         // the machine ended before its first program had reported
	Broken      Verdict = "broken"       // what programs rely on does not work
	WrongKernel Verdict = "wrong kernel" // it is another kernel than the manifest's
	NoQEMU      Verdict = "no QEMU"      // there was nothing to boot it in
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
	Why         string   `json:"why"`         // in words, where it is not booted
	Seconds     float64  `json:"seconds"`     // until the verdict
	Init        float64  `json:"init"`        // seconds until the first program ran; 0 where none did
	Accelerator string   `json:"accelerator"` // kvm or tcg
	QEMU        string   `json:"qemu"`        // its version
	Where       string   `json:"where"`       // "host" or "container"
	Release     string   `json:"release"`     // what uname -r said
	Checks      []Check  `json:"checks"`
	Tail        []string `json:"tail"`   // the last lines of the console
	InitHash    string   `json:"prover"` // sha256 of the first program: what was proven
}

// String tells the verdict in a line, and what was wrong.
func (r Report) String() string {
	return r.Folder() + ": " + r.Outcome()
}

// Outcome is the verdict in words.
func (r Report) Outcome() string {
	if r.Verdict == Booted {
		return fmt.Sprintf("%s in %.1f s (%s, %s)", r.Verdict, r.Init, r.QEMU, r.Accelerator)
	}
	return fmt.Sprintf("%s at stage %s: %s", r.Verdict, r.Stage, r.Why)
}

// Folder names the folder in dist/kernels of the kernel that was booted.
func (r Report) Folder() string { return r.Name + "-" + r.Version + "-" + r.Arch }

// Err makes an error of a kernel that did not boot, with the end of what it printed.
func (r Report) Err() error {
	switch r.Verdict {
	case Booted:
		return nil
	case NoQEMU:
		return fault.New(fault.Environment, "install it: go tool mage setup", "boot kernel %s", r)
	}
	return fault.New(fault.Failed, "", "boot kernel %s\n    %s", r, strings.Join(r.Tail, "\n    "))
}

// report judges a machine that has ended. ended is why, if not by itself; answered
// reports whether the disk holds what the first program wrote.
func (c *console) report(k Kernel, ended error, answered bool) Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := Report{Schema: Schema, Stage: c.stage, Init: c.toInit.Seconds(), Tail: slices.Clone(c.tail), Checks: []Check{}}
	r.Seconds = c.last.Sub(c.start).Round(time.Millisecond).Seconds()
	if r.Tail == nil {
		r.Tail = []string{}
	}
	if c.guest != nil {
		r.Release, r.Checks = c.guest.Release, c.guest.Checks
		if ended == nil {
			r.Stage = StageOff
		}
	}
	r.Verdict, r.Why = c.judge(k, ended, answered)
	return r
}

// judge returns the verdict, and why.
func (c *console) judge(k Kernel, ended error, answered bool) (Verdict, string) {
	byItself := !errors.Is(ended, errQuiet) && !errors.Is(ended, errTotal) && !errors.Is(ended, errNotOff)
	switch {
	case c.trouble != "":
		return c.trouble, c.told + advice(c.told)
	case c.guest != nil:
		return c.guest.judge(k, answered)
	case !byItself && c.early():
		return Silent, fmt.Sprintf("%s: the kernel has no console on %s, or did not start", c.ending(ended), k.Arch.QEMU.Console)
	case !byItself:
		return Hang, fmt.Sprintf("%v after %q", ended, c.lastWord())
	case c.early() && ended == nil:
		return Silent, fmt.Sprintf("the machine went off without a word of the kernel: it has no console on %s, or ended before that was there", k.Arch.QEMU.Console)
	case c.stage == StageNone:
		return NoQEMU, "the emulator ended: " + c.ending(ended)
	case ended != nil:
		return Died, "the machine ended before the first program had reported: " + c.ending(ended)
	}
	return Died, "the machine ended before the first program had reported"
}

// ending tells why a machine ended, with what the emulator complained of.
func (c *console) ending(ended error) string {
	return strings.TrimSpace(fmt.Sprintf("%v %s", ended, c.complaints.String()))
}

// lastWord is the last line that was printed.
func (c *console) lastWord() string {
	if len(c.tail) == 0 {
		return ""
	}
	return c.tail[len(c.tail)-1]
}

// judge compares what the first program reports with what the kernel must be.
func (g guest) judge(k Kernel, answered bool) (Verdict, string) {
	other := func(part string) bool { return !strings.Contains(g.Version, part) }
	switch {
	case k.Release != "" && g.Release != k.Release:
		return WrongKernel, fmt.Sprintf("uname -r says %s, the manifest says %s", g.Release, k.Release)
	case slices.ContainsFunc(k.VersionParts, other):
		return WrongKernel, fmt.Sprintf("/proc/version says %q, and not %q", g.Version, k.VersionParts)
	case k.Config != "" && g.Config != "" && g.Config != k.Config:
		return WrongKernel, fmt.Sprintf("its configuration has sha256 %.12s, the manifest says %.12s", g.Config, k.Config)
	}
	needed := k.needs()
	for _, check := range g.Checks {
		if check.State == "failed" || check.State == "absent" && needed[check.Name] {
			return Broken, check.Name + ": " + check.Got
		}
		if check.Name == "block device" && check.State == "passed" && !answered {
			return Broken, check.Name + ": what was written is not on the disk"
		}
	}
	return Booted, ""
}

// advice says what a panic's text usually means.
func advice(told string) string {
	switch {
	case strings.Contains(told, "Unable to mount root fs"):
		return " (the initramfs was not taken: CONFIG_BLK_DEV_INITRD is needed)"
	case strings.Contains(told, "No working init found"), strings.Contains(told, "Requested init"):
		return " (the first program cannot be run: CONFIG_BINFMT_ELF is needed)"
	}
	return ""
}
