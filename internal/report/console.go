// Package report is Kiln's voice, and the one place that decides what goes
// where: results to stdout, progress and logs to stderr, documents to dist/.
//
//   - A result is text for people, or with KILN_OUTPUT=json one object a line.
//   - Progress is one live line on a terminal and a plain line now and then in a pipe.
//   - A secret that the console was told of appears in nothing that it prints.
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
	github   bool // it speaks to GitHub Actions
	summary  summary
	secrets  []string
	told     map[string]bool
	under    []*Progress // what is under way: together they are the terminal's last line
	now      func() time.Time
}

// New gives a console that writes results to out and the rest to err. The
// format is "json" or "" for text.
func New(out, err io.Writer, format string) *Console {
	f, ok := err.(*os.File)
	return &Console{
		out: out, err: err, json: format == "json", now: time.Now, told: map[string]bool{},
		terminal: ok && term.IsTerminal(int(f.Fd())),
	}
}

// AddSecret keeps a secret out of everything printed from now on.
func (c *Console) AddSecret(secret string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if secret != "" {
		c.secrets = append(c.secrets, secret)
	}
}

// Redact gives text with every hidden secret blotted out.
func (c *Console) Redact(text string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.redact(text)
}

func (c *Console) redact(text string) string {
	for _, s := range c.secrets {
		text = strings.ReplaceAll(text, s, "***")
	}
	return text
}

// Result prints what a target was run for: text for people, v for machines.
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
	_, err := fmt.Fprintln(c.out, c.redact(strings.TrimSuffix(text, "\n")))
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
	before := c.told[line]
	c.told[line] = true
	c.mu.Unlock()
	if !before {
		c.Logf("%s", line)
	}
}

// Lines gives a writer that says each line written to it behind a prefix, for
// the output of a command. Close says a last line without an end.
func (c *Console) Lines(prefix string) io.WriteCloser {
	return EachLine(func(line string) { c.Logf("%s%s", prefix, line) })
}

// clear takes the live line off the terminal; draw puts it back.
func (c *Console) clear() {
	if len(c.under) > 0 {
		fmt.Fprint(c.err, "\r\x1b[K")
	}
}

// liveWidth is how much of a terminal's line is used.
const liveWidth = 100

func (c *Console) draw() {
	if len(c.under) == 0 {
		return
	}
	var parts []string
	for _, p := range c.under {
		parts = append(parts, clip(p.line, liveWidth/len(c.under)))
	}
	fmt.Fprint(c.err, c.redact(strings.Join(parts, " | ")))
}

// EachLine gives a writer that hands on each line written to it, without its
// end. Close hands on a last line that has none.
func EachLine(each func(string)) io.WriteCloser { return &lines{each: each} }

// lines cuts what is written to it into lines.
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
