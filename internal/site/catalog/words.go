package catalog

import (
	"fmt"
	"time"

	"github.com/romanatrashyonok/kiln/internal/report"
)

// change returns the growth of an image as text: "+12 KiB".
func change(bytes int64) string {
	switch {
	case bytes > 0:
		return "+" + report.Bytes(bytes)
	case bytes < 0:
		return "−" + report.Bytes(-bytes)
	}
	return "no change"
}

// seconds returns a duration in seconds as text.
func seconds(s float64) string {
	return report.Duration(time.Duration(s * float64(time.Second)))
}

// date returns the day of a time, in UTC: "2026-11-10".
func date(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// class returns the CSS class for a status or a verdict.
func class(word string) string {
	switch word {
	case Current, "booted":
		return "good"
	case Behind, Ending:
		return "warn"
	case "", Unknown:
		return "none"
	}
	return "bad"
}

// plural returns a count with its noun: "1 warning", "2 warnings".
func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
