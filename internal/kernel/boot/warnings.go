package boot

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// warnings collects the kernel's reports of errors that it survives: a failed WARN_ON, a
// deadlock that lockdep finds, a stall, ... (the kernel's Documentation/process/coding-style.rst
// and admin-guide/bug-hunting.rst). A line that only contains the word is none.
type warnings struct {
	list     []string
	omitted  int    // warnings after the first maxWarnings
	inBlock  int    // lines since "cut here"; 0 outside of such a block
	note     string // the first line of the block, the text that a WARN was called with
	pending  string // a line that is a warning if a call trace follows
	patience int    // lines in which the call trace must follow
	previous string
}

const (
	maxWarnings = 100
	traceWithin = 20 // lines between the head of a warning and its call trace
	blockHead   = 8  // lines of a block before its head
)

var (
	// prefix is what precedes a message: its level, time and caller (printk.time,
	// CONFIG_PRINTK_CALLER).
	prefix = regexp.MustCompile(`^(?:<\d+>)?(?:\[ *\d+\.\d+\])?(?:\[ *[TC]\d+\])? ?`)

	cutHere   = regexp.MustCompile(`^-+\[ cut here \]-+$`)
	endTrace  = regexp.MustCompile(`^---\[ end trace`)
	callTrace = regexp.MustCompile(`^(?:Call [Tt]race:|stack backtrace:)`)
	rule      = regexp.MustCompile(`^={20,}$`) // above a report of lockdep

	// warningHead matches lines that are a warning wherever they are.
	warningHead = regexp.MustCompile(`^(?:` + strings.Join([]string{
		`WARNING: CPU: \d+ PID: \d+ at `, // a WARN
		`WARNING: \S+:\d+ at \S+\+0x`,    // as since Linux 6.19
		`WARNING: (?:possible |inconsistent lock state|suspicious RCU usage|bad unlock balance|held lock freed|lock held when returning)`,
		`UBSAN: `,
		`(?:NMI )?(?:watchdog: )?BUG: `, `\[ BUG: `,
		`(?:rcu: )?INFO: \S+ (?:self-detected stall|detected (?:expedited )?stalls) on CPU`,
		`INFO: task .+ blocked for more than \d+ seconds`,
		`INFO: (?:possible |inconsistent lock state|trying to register non-static key)`,
		`(?:NMI )?watchdog: .*Watchdog detected hard LOCKUP`,
		`Watchdog detected hard LOCKUP`,
		`irq \d+: nobody cared`,
		`\S+: page allocation failure: order:\d`,
	}, "|") + `)`)
	warningWord = regexp.MustCompile(`^WARNING: `)
)

// read reads a line of the console. fatal is whether it reports what ends the kernel or
// corrupted its memory, which is no warning.
func (w *warnings) read(line string, fatal bool) {
	text := message(line)
	previous := w.previous
	w.previous = text
	switch {
	case fatal:
		w.endBlock()
		w.pending = ""
	case cutHere.MatchString(text):
		w.flushBlock()
		w.inBlock = 1
	case warningHead.MatchString(text), warningWord.MatchString(text) && (w.inBlock > 0 || rule.MatchString(previous)):
		w.add(text)
	case w.inBlock > 0:
		w.readBlock(text)
	case warningWord.MatchString(text):
		w.pending, w.patience = text, traceWithin
	case w.pending != "" && callTrace.MatchString(text):
		w.add(w.pending)
	default:
		if w.patience--; w.patience <= 0 {
			w.pending = ""
		}
	}
}

// readBlock reads a line of a block before its head.
func (w *warnings) readBlock(text string) {
	if w.note == "" {
		w.note = text
	}
	if w.inBlock++; endTrace.MatchString(text) || callTrace.MatchString(text) || w.inBlock > blockHead {
		w.flushBlock()
	}
}

// flushBlock adds a block without a head: its first line is the warning.
func (w *warnings) flushBlock() {
	if w.inBlock > 0 && w.note != "" {
		text := w.note
		w.note = ""
		w.add(text)
	}
	w.endBlock()
}

func (w *warnings) endBlock() { w.inBlock, w.note = 0, "" }

// add adds a warning with the text that came before it in its block, unless it is listed.
func (w *warnings) add(text string) {
	if w.note != "" {
		text += ": " + w.note
	}
	w.endBlock()
	w.pending = ""
	switch {
	case slices.Contains(w.list, text):
	case len(w.list) == maxWarnings:
		w.omitted++
	default:
		w.list = append(w.list, text)
	}
}

// all returns the warnings, with the number of those that are not listed.
func (w *warnings) all() []string {
	list := append([]string{}, w.list...)
	if w.omitted > 0 {
		list = append(list, fmt.Sprintf("and %d more", w.omitted))
	}
	return list
}

// message returns a line of the kernel's log without what precedes the message.
func message(line string) string {
	return strings.TrimSpace(line[len(prefix.FindString(line)):])
}
