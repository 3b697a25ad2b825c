package diagnose

import (
	"fmt"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// Limits of what a Collector keeps: later errors mostly follow from the first ones.
const (
	maxErrors  = 20
	maxContext = 12
	maxTail    = 30
)

// Collector reads the output of a build's tools, line by line.
type Collector struct {
	root     string
	errors   []Finding
	count    int // number of errors, including those not kept
	warnings []Finding
	repeated int // number of repeated warnings
	open     *Finding
	lead     []string // lines before a finding that belong to it
	tail     []string
}

// New returns a collector that removes the prefix root, the folder of the source with a
// trailing slash, from paths.
func New(root string) *Collector { return &Collector{root: root} }

// leads and follows match lines that belong to the finding after and before them.
var (
	leads   = form(`^(?:In file included from |\s+from )\S+:\d+|: In function |: At top level:$`)
	follows = form(`^\s*\d* \| |^\s*\| |^\S+:\d+:(?:\d+:)? note: |^(?:cc1|cc1plus): (?:all|some) warnings being treated as errors$`)
)

// Line reads one line.
func (c *Collector) Line(line string) {
	c.tail = append(c.tail, line)
	c.tail = c.tail[max(0, len(c.tail)-maxTail):]
	switch f, found := read(line, c.root); {
	case found:
		f.Context = append(f.Context, c.lead...)
		c.lead = nil
		c.add(f)
	case leads.MatchString(line):
		c.lead = append(c.lead, c.local(line))
	case c.open != nil && follows.MatchString(line):
		if len(c.open.Context) < maxContext {
			c.open.Context = append(c.open.Context, c.local(line))
		}
	default:
		c.open, c.lead = nil, nil
	}
}

func (c *Collector) local(line string) string { return strings.ReplaceAll(line, c.root, "") }

// add keeps a finding; lines that follow belong to it.
func (c *Collector) add(f Finding) {
	c.open = nil
	if f.Severity == Error {
		c.count++
		if len(c.errors) < maxErrors {
			c.errors = append(c.errors, f)
			c.open = &c.errors[len(c.errors)-1]
		}
		return
	}
	for _, known := range c.warnings {
		if known.same(f) {
			c.repeated++
			return
		}
	}
	c.warnings = append(c.warnings, f)
	c.open = &c.warnings[len(c.warnings)-1]
}

// Warnings returns the warnings in order, without repetitions.
func (c *Collector) Warnings() []Finding { return append([]Finding{}, c.warnings...) }

// Failure is why a step failed.
type Failure struct {
	Cause  fault.Cause `json:"cause"`
	First  *Finding    `json:"first"`  // the first real error; nil if no tool reported one
	Errors []Finding   `json:"errors"` // the first of them
	Count  int         `json:"count"`
	Tail   []string    `json:"tail"` // the last lines, if there is no error to show
}

// Failure returns the errors so far and their cause. A full disk or a lack of memory takes
// precedence over the errors of tools that ran into it; without any error the cause is
// fault.Source.
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

// String returns the number of errors and the first one with its context, or without errors
// the last lines of output.
func (f Failure) String() string {
	if f.First == nil {
		return "  " + strings.Join(f.Tail, "\n  ")
	}
	if f.Count == 1 {
		return f.First.withContext()
	}
	lines := []string{fmt.Sprintf("%d errors; the first:", f.Count)}
	return strings.Join(append(lines, f.First.withContext()), "\n")
}
