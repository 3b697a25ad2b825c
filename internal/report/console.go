// Package report prints all that Kiln prints: results to stdout, progress and logs to
// stderr, documents to dist/.
//
//   - A result is text, or with KILN_OUTPUT=json one JSON object per line.
//   - Progress is one live line on a terminal, and a plain line every 15 seconds elsewhere.
//   - Logs never show the password of a URL. Results are printed as they are.
package report

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// Console prints for one run. It is safe for use by several goroutines.
type Console struct {
	mu       sync.Mutex
	out, err io.Writer
	json     bool
	terminal bool
	github   bool // whether GitHub Actions reads the log
	summary  summary
	secrets  []string        // that no text contains by chance, in every form
	logged   map[string]bool // lines of LogOnce
	active   []*Progress     // work under way: together, the terminal's last line
	now      func() time.Time
}

// New returns a console that writes results to out and the rest to err. The
// format of results is "json", or "" for text.
func New(out, err io.Writer, format string) *Console {
	f, ok := err.(*os.File)
	return &Console{
		out: out, err: err, json: format == "json", now: time.Now, logged: map[string]bool{},
		terminal: ok && term.IsTerminal(int(f.Fd())),
	}
}

// Result prints the result of a target: text, or v as JSON.
func (c *Console) Result(v any, text string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.json {
		line, err := encode(v, "")
		if err != nil {
			return fmt.Errorf("print result: %w", err)
		}
		text = string(line)
	}
	c.clear()
	_, err := fmt.Fprintln(c.out, strings.TrimSuffix(text, "\n"))
	return err
}

// Logf prints a line of log.
func (c *Console) Logf(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
	fmt.Fprintln(c.err, c.redact(fmt.Sprintf(format, args...)))
	c.draw()
}

// LogOnce prints a line of log unless this console has printed it before.
func (c *Console) LogOnce(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	c.mu.Lock()
	before := c.logged[line]
	c.logged[line] = true
	c.mu.Unlock()
	if !before {
		c.Logf("%s", line)
	}
}

// Lines returns a writer that logs each line written to it with a prefix, for the output
// of a command. Close logs a last line that has no end.
func (c *Console) Lines(prefix string) io.WriteCloser {
	return EachLine(func(line string) { c.Logf("%s%s", prefix, line) })
}

// clear removes the live line from the terminal; draw prints it.
func (c *Console) clear() {
	if len(c.active) > 0 {
		fmt.Fprint(c.err, "\r\x1b[K")
	}
}

// liveWidth is the greatest length of the live line, in characters.
const liveWidth = 100

func (c *Console) draw() {
	if len(c.active) == 0 {
		return
	}
	var parts []string
	for _, p := range c.active {
		parts = append(parts, clip(p.line, liveWidth/len(c.active)))
	}
	fmt.Fprint(c.err, c.redact(strings.Join(parts, " | ")))
}

// EachLine returns a writer that calls each with every line written to it, without its
// end. Close passes on a last line that has no end.
func EachLine(each func(string)) io.WriteCloser { return &lines{each: each} }

// lines splits what is written to it into lines.
type lines struct {
	each func(string)
	rest string
}

func (l *lines) Write(p []byte) (int, error) {
	parts := strings.Split(l.rest+string(p), "\n")
	for _, line := range parts[:len(parts)-1] {
		l.each(strings.TrimSuffix(line, "\r"))
	}
	l.rest = parts[len(parts)-1]
	return len(p), nil
}

func (l *lines) Close() error {
	if l.rest != "" {
		l.each(l.rest)
		l.rest = ""
	}
	return nil
}
