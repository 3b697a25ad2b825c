package report

import (
	"fmt"
	"slices"
	"time"
)

// The intervals of progress.
const (
	redrawEvery = 100 * time.Millisecond // on a terminal
	repeatEvery = 15 * time.Second       // in a log, which keeps each line
)

// Progress reports on long work.
type Progress struct {
	console *Console
	title   string
	start   time.Time
	last    time.Time
	line    string // the last state, on a terminal
}

// Progress logs the start of long work, and returns its handle. The caller must call End.
func (c *Console) Progress(title string) *Progress {
	now := c.now()
	if !c.terminal {
		c.Logf("%s ...", title)
	}
	return &Progress{console: c, title: title, start: now, last: now}
}

// Set reports that done of total units are finished, and the current unit. A total of 0
// means unknown: then neither the share nor the time left is shown.
func (p *Progress) Set(done, total int64, note string) {
	c := p.console
	now := c.now()
	every := repeatEvery
	if c.terminal {
		every = redrawEvery
	}
	if now.Sub(p.last) < every {
		return
	}
	p.last = now
	line := p.title + " " + share(done, total, now.Sub(p.start)) + "  " + note
	if !c.terminal {
		c.Logf("%s", line)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
	p.line = line
	if !slices.Contains(c.active, p) {
		c.active = append(c.active, p)
	}
	c.draw()
}

// End removes the live line, and logs the result and the time taken.
func (p *Progress) End(result string) {
	c := p.console
	c.mu.Lock()
	c.clear()
	c.active = slices.DeleteFunc(c.active, func(each *Progress) bool { return each == p })
	c.mu.Unlock()
	c.Logf("%s: %s (%s)", p.title, result, Duration(c.now().Sub(p.start)))
}

// leastShare is the part of the work, one of so many, from which on its pace says something of
// the time left: the first units are rarely like the others.
const leastShare = 20

// share returns the share that is done and, from the pace so far, the time left. A total
// that is exceeded was a wrong estimate, and is not shown.
func share(done, total int64, spent time.Duration) string {
	if total <= 0 && done <= 0 {
		return Duration(spent) + " so far"
	}
	if total <= 0 || done > total {
		return fmt.Sprintf("%d, %s so far", done, Duration(spent))
	}
	text := fmt.Sprintf("%3d %% (%d/%d)", 100*done/total, done, total)
	if done*leastShare < total || spent < time.Second {
		return text
	}
	left := time.Duration(float64(spent) / float64(done) * float64(total-done))
	return text + ", " + Duration(left) + " left"
}

// Duration returns a rounded duration: 0.42s, 7.3s, 2m05s, 1h02m.
func Duration(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%.2fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

// clip shortens a text to a width in characters.
func clip(s string, width int) string {
	runes := []rune(s)
	if len(runes) <= width {
		return s
	}
	return string(runes[:width-1]) + "…"
}

// Bytes returns a rounded size in powers of 1024: 812 B, 1.3 MiB.
func Bytes(n int64) string {
	size, unit := float64(n), "B"
	for _, next := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if size < 1024 {
			break
		}
		size, unit = size/1024, next
	}
	if unit == "B" {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", size, unit)
}
