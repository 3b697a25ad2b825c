// Package diagnose interprets the output of compilers, linkers and the kernel's own tools:
// which tool reports what on which line, which error came first, and whether the cause is
// the source, the configuration, the toolchain or the machine.
//
//	c := diagnose.New("/source/")
//	c.Line(`/source/kernel/pid.c:42:7: error: expected ';' before 'return'`)
//	c.Failure().First     // kernel/pid.c:42:7: error: expected ';' before 'return'
package diagnose

import (
	"fmt"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// Severity is the severity of a finding.
type Severity string

// The severities.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Finding is one message of one tool.
type Finding struct {
	Tool     string   `json:"tool"` // gcc (or clang), as, ld, make, kconfig, modpost, objtool, dtc, sh
	Severity Severity `json:"severity"`
	File     string   `json:"file"`   // path in the kernel's tree, or ""
	Line     int      `json:"line"`   // from 1; 0 for none
	Column   int      `json:"column"` // from 1; 0 for none
	Code     string   `json:"code"`   // as "-Wunused-variable"; "" for none
	Text     string   `json:"text"`
	Raw      string   `json:"said"`              // the line as it was printed
	Context  []string `json:"context,omitempty"` // lines printed with it, as the source line

	cause fault.Cause
}

// At returns the position of a finding: "kernel/pid.c:42:7", or as much of it as is known.
func (f Finding) At() string {
	at := f.File
	for _, n := range []int{f.Line, f.Column} {
		if n == 0 {
			break
		}
		at += fmt.Sprintf(":%d", n)
	}
	return at
}

// String returns the finding in one line, in the form of compilers.
func (f Finding) String() string {
	text := fmt.Sprintf("%s: %s", f.Severity, f.Text)
	if at := f.At(); at != "" {
		text = at + ": " + text
	} else {
		text = f.Tool + ": " + text
	}
	if f.Code != "" {
		text += " [" + f.Code + "]"
	}
	return text
}

// Parse returns the findings in lines of output.
func Parse(lines []string) (list []Finding) {
	for _, line := range lines {
		if f, ok := read(line, ""); ok {
			list = append(list, f)
		}
	}
	return list
}

// same reports whether two findings have the same message about the same file, whatever the
// line.
func (f Finding) same(g Finding) bool {
	return f.Tool == g.Tool && f.Severity == g.Severity && f.File == g.File && f.Code == g.Code && f.Text == g.Text
}

// withContext returns the finding with its context, indented.
func (f Finding) withContext() string {
	return "  " + strings.Join(append([]string{f.String()}, f.Context...), "\n  ")
}
