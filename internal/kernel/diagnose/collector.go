package diagnose

import (
	"fmt"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// How much is kept: more errors than these follow from the first ones.
const (
	errorsKept  = 20
	contextKept = 12
	tailKept    = 30
)

// Collector takes in what the tools of a build print, line by line.
type Collector struct {
	root     string
	errors   []Finding
	count    int // errors, also those not kept
	warnings []Finding
	repeated int // warnings that were told before
	open     *Finding
	lead     []string // what stands before a complaint and belongs to it
	tail     []string
}

// New returns a collector that takes root, the place of the source, off paths.
func New(root string) *Collector { return &Collector{root: root} }

// leads and follows are the lines that belong to the complaint after and before them.
var (
	leads   = form(`^(?:In file included from |\s+from )\S+:\d+|: In function |: At top level:$`)
	follows = form(`^\s*\d* \| |^\s*\| |^\S+:\d+:(?:\d+:)? note: |^(?:cc1|cc1plus): (?:all|some) warnings being treated as errors$`)
)

// Line takes in one line.
func (c *Collector) Line(line string) {
	c.tail = append(c.tail, line)
	c.tail = c.tail[max(0, len(c.tail)-tailKept):]
	switch f, complaint := read(line, c.root); {
	case complaint:
		f.Context = append(f.Context, c.lead...)
		c.lead = nil
		c.add(f)
	case leads.MatchString(line):
		c.lead = append(c.lead, c.local(line))
	case c.open != nil && follows.MatchString(line):
		if len(c.open.Context) < contextKept {
			c.open.Context = append(c.open.Context, c.local(line))
		}
	default:
		c.open, c.lead = nil, nil
	}
}

func (c *Collector) local(line string) string { return strings.ReplaceAll(line, c.root, "") }

// add keeps a finding, and has the lines that follow belong to it.
func (c *Collector) add(f Finding) {
	c.open = nil
	if f.Severity == Error {
		c.count++
		if len(c.errors) < errorsKept {
			c.errors = append(c.errors, f)
			c.open = &c.errors[len(c.errors)-1]
		}
		return
	}
	for _, known := range c.warnings {
		if known.Same(f) {
			c.repeated++
			return
		}
	}
	c.warnings = append(c.warnings, f)
	c.open = &c.warnings[len(c.warnings)-1]
}

// Warnings returns each warning once, in order.
func (c *Collector) Warnings() []Finding { return append([]Finding{}, c.warnings...) }

// Failure is what was wrong when a step failed.
type Failure struct {
	Cause  fault.Cause `json:"cause"`
	First  *Finding    `json:"first"`  // the first real error; nil where no tool named one
	Errors []Finding   `json:"errors"` // the first of them
	Count  int         `json:"count"`
	Tail   []string    `json:"tail"` // the last lines, where there is no error to show
}

// Failure judges what was taken in. A full disk or a lack of memory comes before what
// the tools that met it say; without any error the source counts as the cause.
func (c *Collector) Failure() Failure {
	f := Failure{Cause: fault.Source, Errors: append([]Finding{}, c.errors...), Count: c.count}
	for i := range f.Errors {
		if f.First == nil || f.First.cause != fault.Resources && f.Errors[i].cause == fault.Resources {
			f.First = &f.Errors[i]
		}
	}
	if f.First == nil {
		for _, line := range c.tail {
			if !consequence.MatchString(line) {
				f.Tail = append(f.Tail, line)
			}
		}
		return f
	}
	f.Cause = f.First.cause
	return f
}

// String shows the first error last and with its context, below how many there are;
// without one, the last lines.
func (f Failure) String() string {
	if f.First == nil {
		return "  " + strings.Join(f.Tail, "\n  ")
	}
	if f.Count == 1 {
		return f.First.WithContext()
	}
	lines := []string{fmt.Sprintf("%d errors; the first:", f.Count)}
	return strings.Join(append(lines, f.First.WithContext()), "\n")
}
