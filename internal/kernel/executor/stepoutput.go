package executor

import (
	"io"
	"regexp"

	"github.com/romanatrashyonok/kiln/internal/kernel/diagnose"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// stepOutput receives what a step prints. It writes everything to the log, collects errors
// and warnings, and counts the files that were made.
type stepOutput struct {
	log    io.Writer
	found  *diagnose.Collector
	made   []string // files that Kbuild reported
	onMade func(made int64, what string)
}

func newStepOutput(log io.Writer) *stepOutput {
	return &stepOutput{log: log, found: diagnose.New(plan.SourceDir + "/"), onMade: func(int64, string) {}}
}

// madeLine matches Kbuild's report of a file that it makes: "  CC      kernel/fork.o".
var madeLine = regexp.MustCompile(`^  [A-Z][A-Z0-9_]*(?: \[M\])? +(\S+)`)

func (o *stepOutput) stdout() io.Writer {
	return io.MultiWriter(o.log, report.EachLine(func(line string) {
		m := madeLine.FindStringSubmatch(line)
		if m == nil {
			o.found.Line(line)
			return
		}
		o.made = append(o.made, m[1])
		o.onMade(int64(len(o.made)), m[1])
	}))
}

func (o *stepOutput) stderr() io.Writer {
	return io.MultiWriter(o.log, report.EachLine(o.found.Line))
}
