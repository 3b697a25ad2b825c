//go:build linux

package build

import (
	"io"
	"regexp"
	"strings"
	"sync"

	"github.com/romanatrashyonok/kiln/internal/kernel/diagnose"
)

// output receives what a step prints. It writes everything to the log, collects errors
// and warnings, and counts the files that were made.
type output struct {
	mu     sync.Mutex
	log    io.Writer
	found  *diagnose.Collector
	made   []string // files that Kbuild reported
	onMade func(made int64, file string)
}

func newOutput(log io.Writer, source string, onMade func(int64, string)) *output {
	return &output{log: log, found: diagnose.New(source + "/"), onMade: onMade}
}

// madeLine matches Kbuild's report of a file that it makes: "  CC      kernel/fork.o".
var madeLine = regexp.MustCompile(`^  [A-Z][A-Z0-9_]*(?: \[M\])? +(\S+)`)

// stdout reads a line of the step's standard output.
func (o *output) stdout(line string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.write(line)
	m := madeLine.FindStringSubmatch(line)
	if m == nil {
		o.found.Line(line)
		return
	}
	o.made = append(o.made, m[1])
	o.onMade(int64(len(o.made)), m[1])
}

// stderr reads a line of the step's standard error.
func (o *output) stderr(line string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.write(line)
	o.found.Line(line)
}

// write adds a line to the log. That it cannot be kept fails no build.
func (o *output) write(line string) { io.WriteString(o.log, line+"\n") }

// safe matches words that a shell takes as they are.
var safe = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// quote returns a command line as one types it in a shell.
func quote(argv []string) string {
	words := make([]string, len(argv))
	for i, word := range argv {
		if words[i] = word; !safe.MatchString(word) {
			words[i] = "'" + strings.ReplaceAll(word, "'", `'"'"'`) + "'"
		}
	}
	return strings.Join(words, " ")
}
