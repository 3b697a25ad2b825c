package track

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/kernel/upstream"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// Tracking is how all kernels of the file stand, and what that rests on.
type Tracking struct {
	Schema  string           `json:"schema"`
	Kernels []release.Status `json:"kernels"`
	Sources []DataSource     `json:"sources"`
}

// TrackSchema names the form of what kernel:track prints for machines.
const TrackSchema = "kiln/track/v1"

// DataSource is where something is known from, and since when.
type DataSource struct {
	What    string    `json:"what"`
	URL     string    `json:"url"`
	Fetched time.Time `json:"fetched"` // zero where nothing was ever fetched
	Down    string    `json:"down"`    // why it could not be fetched now, "" where it could
}

// Track tells how the kernels of specs stand. It needs no engine. What cannot be
// reached is told with the age of what is known; a document of another form than
// expected is an error.
func (tr *Tracker) Track(ctx context.Context, specs []spec.Spec) (Tracking, error) {
	t := Tracking{Schema: TrackSchema, Kernels: []release.Status{}}
	know := release.Data{Now: tr.Upstream.Now()}
	var doc upstream.Document
	var err error
	know.Feed, doc, err = tr.Upstream.Feed(ctx, 0)
	if err := t.addSource("kernel.org's list of releases", tr.Upstream.Config.Releases, doc, err); err != nil {
		return t, err
	}
	know.Dates, doc, err = tr.Upstream.Dates(ctx, 0)
	if err := t.addSource("ends of life", tr.Upstream.Config.EOL, doc, err); err != nil {
		return t, err
	}
	for _, s := range byName(specs) {
		standing, err := tr.status(ctx, know, s)
		if err != nil {
			return t, err
		}
		t.Kernels = append(t.Kernels, standing)
	}
	return t, nil
}

// addSource notes where something is known from. That a host cannot be reached is no
// error here; that it gave something else than was expected is.
func (t *Tracking) addSource(what, address string, d upstream.Document, err error) error {
	k := DataSource{What: what, URL: address, Fetched: d.Fetched}
	switch {
	case d.FetchError != nil:
		k.Down = d.FetchError.Error()
	case err != nil && !upstream.IsUnreachable(err):
		return err
	case err != nil:
		k.Down = err.Error()
	}
	t.Sources = append(t.Sources, k)
	return nil
}

func (tr *Tracker) status(ctx context.Context, know release.Data, s spec.Spec) (release.Status, error) {
	locked, _ := tr.Lock.Find(s.Name)
	if !slices.Contains(s.Sources, source.KernelOrg) {
		standing := know.Evaluate(s.Name, s.Constraint, locked.Version, release.Version{})
		standing.Todo = "not tracked: it comes from " + strings.Join(s.Sources, ", ")
		return standing, nil
	}
	newest, err := tr.Releases.Newest(ctx, s.Constraint)
	if err != nil && !upstream.IsUnreachable(err) && fault.Code(err) != int(fault.Usage) {
		return release.Status{}, fmt.Errorf("kernel %s: %w", s.Name, err)
	}
	standing := know.Evaluate(s.Name, s.Constraint, locked.Version, newest)
	if upstream.IsUnreachable(err) {
		standing.Todo = "not known: kernel.org cannot be reached"
	}
	return standing, nil
}

// byName gives one spec of each kernel, whatever its architectures.
func byName(specs []spec.Spec) []spec.Spec {
	return slices.CompactFunc(slices.Clone(specs), func(a, b spec.Spec) bool { return a.Name == b.Name })
}

// Verdict makes an error of a kernel that wants attention, for CI: of class Bad if
// something is to be done, of the surroundings if that cannot be told.
func (t Tracking) Verdict() error {
	var wants []string
	for _, s := range t.Kernels {
		if s.NeedsAttention() {
			wants = append(wants, s.Kernel)
		}
	}
	for _, k := range t.Sources {
		if k.Down != "" {
			return fault.New(fault.Environment, "", "track kernels: %s: %s", k.What, k.Down)
		}
	}
	if len(wants) > 0 {
		return fault.New(fault.Failed, "see the last column of the table", "track kernels: to be looked at: %s", strings.Join(wants, ", "))
	}
	return nil
}

// Known tells whether anything at all is known of kernel.org.
func (t Tracking) Known() bool {
	return len(t.Sources) > 0 && !t.Sources[0].Fetched.IsZero()
}

// String prints the table for people, with where it is known from below it.
func (t Tracking) String() string {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "KERNEL\tASKED\tLOCKED\tNEWEST\tBEHIND\tLINE\tEND OF LIFE\tTO DO")
	for _, s := range t.Kernels {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.Kernel, s.Asked, orDash(s.Locked), orDash(s.Newest),
			number(s.Behind), text(s.Moniker), end(s), text(s.Todo))
	}
	table.Flush()
	for _, s := range t.Kernels {
		for _, warning := range s.Warnings {
			fmt.Fprintf(&b, "warning: %s: %s\n", s.Kernel, warning)
		}
	}
	return b.String()
}

func orDash(v *release.Version) string {
	if v == nil {
		return "-"
	}
	return v.String()
}

func number(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

func text(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func end(s release.Status) string {
	switch {
	case s.DaysLeft != nil && *s.DaysLeft >= 0:
		return fmt.Sprintf("%s, in %d days", s.End, *s.DaysLeft)
	case s.End != "":
		return s.End + ", over"
	case s.Ended:
		return "over"
	}
	return "-"
}

// Warning tells what the table rests on, where that is not of now.
func (k DataSource) Warning(now time.Time) string {
	switch {
	case k.Down == "":
		return ""
	case k.Fetched.IsZero():
		return fmt.Sprintf("%s: nothing is known, and it cannot be asked: %s", k.What, k.Down)
	}
	return fmt.Sprintf("%s: known from %s ago; it cannot be asked now: %s", k.What, report.Duration(now.Sub(k.Fetched)), k.Down)
}
