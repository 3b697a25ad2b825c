package boot

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/romanatrashyonok/kiln/internal/report"
)

// Stage is how far a boot got.
type Stage string

// The stages, in order.
const (
	StageNone     Stage = "nothing"  // no output
	StageFirmware Stage = "firmware" // output, but not of the kernel
	StageKernel   Stage = "kernel"   // output of the kernel
	StageInit     Stage = "init"     // the init program runs
	StageReport   Stage = "report"   // the init program has reported
	StageOff      Stage = "off"      // the machine has powered itself off
)

// tailLines is how many lines of output a report keeps.
const tailLines = 40

// console reads the output of a machine.
type console struct {
	now   func() time.Time
	watch func(Stage, string)

	mu        sync.Mutex
	start     time.Time
	last      time.Time // time of the last output
	reported  time.Time // time of the report
	halted    bool      // after the report the kernel stopped without powering off
	toInit    time.Duration
	stage     Stage
	crash     Verdict // Panic or Oops, whichever came first
	crashLine string  // the line that reported it
	died      string  // what the init program's runtime reported when it ended, or ""
	warnings  warnings
	guest     *guest
	tail      []string
	stderr    strings.Builder // stderr of the emulator
}

func newConsole(now func() time.Time, watch func(Stage, string)) *console {
	if watch == nil {
		watch = func(Stage, string) {}
	}
	return &console{now: now, watch: watch, start: now(), last: now(), stage: StageNone}
}

// guest is the report of the init program (cmd/bootinit).
type guest struct {
	Release string  `json:"release"`
	Machine string  `json:"machine"`
	Version string  `json:"version"`
	Banner  string  `json:"banner"` // /proc/version, "" if there is none
	Config  string  `json:"config"`
	Checks  []Check `json:"checks"`
}

// Check is the result of one test by the init program.
type Check struct {
	Name  string `json:"name"`
	State string `json:"state"` // "passed", "failed", or "absent" if the kernel does not have the feature
	Got   string `json:"got"`
}

// Lines that decide the stage and verdict. Whatever ends a thread of the kernel prints its
// number, as "[#1]" (die() in arch/*/kernel/traps.c). A "BUG:" of a different kind is a
// warning, unless the kernel's memory was corrupted.
var (
	banner    = regexp.MustCompile(`\bLinux version \d`)
	panicLine = regexp.MustCompile(`Kernel panic - not syncing`)
	oopsLine  = regexp.MustCompile(`\[#\d+\]|kernel BUG at |Unable to handle kernel|` +
		`\bBUG: (?:kernel NULL pointer dereference|unable to handle|KASAN: |KFENCE: |Bad page |(?:IRQ|TASK|NMI|#DF)? ?stack guard page)|` +
		`\bBUG \S+ \((?:Not tainted|Tainted.*)\): `)
	haltLine    = regexp.MustCompile(`\breboot: .*System halted`)
	runtimeLine = regexp.MustCompile(`^(?:runtime: |fatal error: |panic: )`) // of Go
)

// How the lines of the init program begin (cmd/bootinit).
const (
	initPrefix  = "kiln-init: "
	initStarted = "kiln-init: started"
	initReport  = "kiln-init: report "
)

func (c *console) lines() io.WriteCloser { return report.EachLine(c.line) }

// line reads one line.
func (c *console) line(text string) {
	text = strings.TrimRight(text, "\r ")
	c.mu.Lock()
	c.last = c.now()
	c.read(text)
	if text != "" && !strings.HasPrefix(text, initReport) {
		c.tail = append(c.tail, text)
		c.tail = c.tail[max(0, len(c.tail)-tailLines):]
	}
	stage := c.stage
	c.mu.Unlock()
	c.watch(stage, text)
}

// read updates the stage, the report and the crash by a line.
func (c *console) read(text string) {
	switch {
	case strings.HasPrefix(text, initStarted):
		c.stage, c.toInit = StageInit, c.last.Sub(c.start)
	case strings.HasPrefix(text, initReport):
		var g guest
		if json.Unmarshal([]byte(strings.TrimPrefix(text, initReport)), &g) == nil {
			c.stage, c.guest, c.reported = StageReport, &g, c.last
		}
	case banner.MatchString(text) && c.early():
		c.stage = StageKernel
	case c.stage == StageNone && text != "":
		c.stage = StageFirmware
	}
	if strings.HasPrefix(text, initPrefix) {
		return
	}
	c.halted = c.halted || c.guest != nil && haltLine.MatchString(text)
	c.recordCrash(text)
	c.warnings.read(text, isFatal(text))
	if c.died == "" && runtimeLine.MatchString(text) {
		c.died = text
	}
}

// early reports whether there was no output of the kernel yet.
func (c *console) early() bool { return c.stage == StageNone || c.stage == StageFirmware }

// isFatal reports whether a line reports a panic or an oops.
func isFatal(text string) bool { return panicLine.MatchString(text) || oopsLine.MatchString(text) }

// recordCrash records the first panic or oops.
func (c *console) recordCrash(text string) {
	switch {
	case c.crash != "" || !isFatal(text):
	case panicLine.MatchString(text):
		c.crash, c.crashLine = Panic, text
	default:
		c.crash, c.crashLine = Oops, text
	}
}

// Why Kiln ended a machine.
var (
	errQuiet  = errors.New("no more output")
	errTotal  = errors.New("time limit exceeded")
	errNotOff = errors.New("it did not power off after its report")
)

// enforce ends a machine that exceeds a limit.
func (c *console) enforce(ctx context.Context, l Limits, stop func(error)) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if cause := c.exceeded(l); cause != nil {
				stop(cause)
				return
			}
		}
	}
}

// exceeded returns the limit that is exceeded now, or nil.
func (c *console) exceeded(l Limits) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	switch {
	case c.halted, c.guest != nil && now.Sub(c.reported) > offGrace:
		return errNotOff
	case now.Sub(c.last) > l.Quiet:
		return errQuiet
	case now.Sub(c.start) > l.Total:
		return errTotal
	}
	return nil
}
