package track

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// String returns the statuses as a table for people, with the warnings below it.
func (t Tracking) String() string {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "KERNEL\tASKED\tLOCKED\tNEWEST\tBEHIND\tLINE\tEND OF LIFE\tTO DO")
	for _, s := range t.Kernels {
		cells := []string{s.Kernel, s.Asked, version(s.Locked), version(s.Newest), count(s.Behind), s.Moniker, end(s), s.Todo}
		for i := range cells {
			cells[i] = cmp.Or(cells[i], "-")
		}
		fmt.Fprintln(table, strings.Join(cells, "\t"))
	}
	table.Flush()
	for _, s := range t.Kernels {
		for _, warning := range s.Warnings {
			fmt.Fprintf(&b, "warning: %s: %s\n", s.Kernel, warning)
		}
	}
	return b.String()
}

// version returns a version as text, "" for none.
func version(v *release.Version) string {
	if v == nil {
		return ""
	}
	return v.String()
}

// count returns a number as text, "" for 0.
func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// end returns the end of life of a kernel's series, "" if it is not known.
func end(s release.Status) string {
	switch {
	case s.DaysLeft != nil && *s.DaysLeft >= 0:
		return fmt.Sprintf("%s, in %d days", s.End, *s.DaysLeft)
	case s.End != "":
		return s.End + ", ended"
	case s.Ended:
		return "ended"
	}
	return ""
}

// Warning returns a warning about data that is not up to date, with its age at the time
// now; "" if the source was fetched.
func (s DataSource) Warning(now time.Time) string {
	switch {
	case s.Down == "":
		return ""
	case s.Fetched.IsZero():
		return fmt.Sprintf("%s: cannot be fetched, and no copy is cached: %s", s.What, s.Down)
	}
	return fmt.Sprintf("%s: using the copy from %s ago; it cannot be fetched now: %s", s.What, report.Duration(now.Sub(s.Fetched)), s.Down)
}
