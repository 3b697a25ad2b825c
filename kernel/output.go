package kernel

import (
	"io"
	"regexp"
	"strings"

	"github.com/romanatrashyonok/kiln/report"
)

// tailLines is how much of a failed step's output an error shows at most.
const tailLines = 30

// stepOutput takes what a step prints: all of it into the log, and the end and
// the complaints in memory.
type stepOutput struct {
	log    io.Writer
	last   []string // the last lines of stdout
	errors []string // stderr, where compilers complain; the first ones count
	made   int64    // lines of Kbuild that tell of something made
	onLine func(made int64, line string)
}

func newStepOutput(log io.Writer) *stepOutput {
	return &stepOutput{log: log, onLine: func(int64, string) {}}
}

// madeLine is how Kbuild tells what it makes: "  CC      kernel/fork.o".
var madeLine = regexp.MustCompile(`^  [A-Z][A-Z0-9_]*(?: \[M\])? +(\S+)`)

func (o *stepOutput) stdout() io.Writer {
	return io.MultiWriter(o.log, report.EachLine(func(line string) {
		o.last = keep(o.last, line)
		if m := madeLine.FindStringSubmatch(line); m != nil {
			o.made++
			o.onLine(o.made, m[1])
		}
	}))
}

func (o *stepOutput) stderr() io.Writer {
	return io.MultiWriter(o.log, report.EachLine(func(line string) { o.errors = keep(o.errors, line) }))
}

// tail gives what an error should show: the complaints, else the last lines.
func (o *stepOutput) tail() string {
	if len(o.errors) > 0 {
		return strings.Join(o.errors, "\n")
	}
	return strings.Join(o.last, "\n")
}

func keep(lines []string, line string) []string {
	lines = append(lines, line)
	if len(lines) > tailLines {
		lines = lines[1:]
	}
	return lines
}
