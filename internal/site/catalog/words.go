package catalog

import (
	"fmt"
	"time"

	"github.com/romanatrashyonok/kiln/internal/report"
)

// change tells by how much an image has grown: "+12 KiB".
func change(bytes int64) string {
	switch {
	case bytes > 0:
		return "+" + report.Bytes(bytes)
	case bytes < 0:
		return "−" + report.Bytes(-bytes)
	}
	return "no change"
}

// seconds tells how long something took.
func seconds(s float64) string {
	return report.Duration(time.Duration(s * float64(time.Second)))
}

func date(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// short gives the first digits of a hash.
func short(sum string) string { return fmt.Sprintf("%.12s", sum) }

// class gives the style of a word: good, bad, or neither.
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

// plural gives "1 warning", "2 warnings".
func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
