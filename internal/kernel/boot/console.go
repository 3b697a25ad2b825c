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

// Stage is how far a machine came.
type Stage string

// The stages, in order.
const (
	StageNone     Stage = "nothing"  // not a word
	StageFirmware Stage = "firmware" // something else than the kernel spoke
	StageKernel   Stage = "kernel"   // the kernel spoke
	StageInit     Stage = "init"     // its first program runs
	StageReport   Stage = "report"   // that has reported
	StageOff      Stage = "off"      // and the machine has gone off by itself
)

// tailLines is how much of what was printed a report keeps.
const tailLines = 40

// console reads what a machine prints.
type console struct {
	now   func() time.Time
	watch func(Stage, string)

	mu         sync.Mutex
	start      time.Time
	last       time.Time // when something was printed
	reported   time.Time // when the report came
	toInit     time.Duration
	stage      Stage
	trouble    Verdict // Panic or Oops: the first that was told
	told       string  // the line that told it
	guest      *guest
	tail       []string
	complaints strings.Builder // of the emulator itself
}

func newConsole(now func() time.Time, watch func(Stage, string)) *console {
	if watch == nil {
		watch = func(Stage, string) {}
	}
	return &console{now: now, watch: watch, start: now(), last: now(), stage: StageNone}
}

// guest is what the first program reports (init/main.go).
type guest struct {
	Release string  `json:"release"`
	Machine string  `json:"machine"`
	Version string  `json:"version"`
	Config  string  `json:"config"`
	Checks  []Check `json:"checks"`
}

// Check is one thing that the first program tried.
type Check struct {
	Name  string `json:"name"`
	State string `json:"state"` // "passed", "failed", or "absent" where the kernel has no such thing
	Got   string `json:"got"`
}

// What the lines of a console tell. A kernel that is slow in an emulator may complain
// of a soft lockup, which is no oops.
var (
	banner    = regexp.MustCompile(`\bLinux version \d`)
	panicLine = regexp.MustCompile(`Kernel panic - not syncing`)
	oopsLine  = regexp.MustCompile(`\bOops\b|\bBUG: |kernel BUG at|Unable to handle kernel|Internal error: |general protection fault`)
	harmless  = regexp.MustCompile(`soft lockup`)
)

// The lines of the first program begin so (init/main.go).
const (
	initStarted = "kiln-init: started"
	initReport  = "kiln-init: report "
)

func (c *console) lines() io.Writer { return report.EachLine(c.line) }

// line takes in one line.
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

// read finds out what a line tells.
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
	if c.trouble == "" && !harmless.MatchString(text) {
		c.notice(text)
	}
}

func (c *console) early() bool { return c.stage == StageNone || c.stage == StageFirmware }

// notice takes down the first panic or oops.
func (c *console) notice(text string) {
	switch {
	case panicLine.MatchString(text):
		c.trouble, c.told = Panic, text
	case oopsLine.MatchString(text):
		c.trouble, c.told = Oops, text
	}
}

// Why a machine was ended from outside.
var (
	errQuiet  = errors.New("it said nothing more")
	errTotal  = errors.New("it took too long")
	errNotOff = errors.New("it did not go off after its report")
)

// guard ends a machine that has said all, or says nothing more.
func (c *console) guard(ctx context.Context, l Limits, stop func(error)) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if cause := c.over(l); cause != nil {
				stop(cause)
				return
			}
		}
	}
}

// over says why the machine is to be ended now, or nil.
func (c *console) over(l Limits) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	switch {
	case c.guest != nil && now.Sub(c.reported) > offGrace:
		return errNotOff
	case now.Sub(c.last) > l.Quiet:
		return errQuiet
	case now.Sub(c.start) > l.Total:
		return errTotal
	}
	return nil
}
