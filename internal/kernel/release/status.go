package release

import (
	"fmt"
	"time"
)

// Status compares a kernel of kernels.toml with what kernel.org has: its constraint, the
// locked version, and the newest one.
type Status struct {
	Kernel   string   `json:"kernel"`
	Asked    string   `json:"asked"`
	Locked   *Version `json:"locked"`    // nil where there is no lock
	Newest   *Version `json:"newest"`    // that satisfies the constraint; nil where it is not known
	Behind   int      `json:"behind"`    // point releases from the locked to the newest of its series
	Moniker  string   `json:"moniker"`   // kernel.org's name for its line of development; "" where the series is no longer listed
	End      string   `json:"eol"`       // the last day of support, YYYY-MM-DD; "" where it is not known
	DaysLeft *int     `json:"days_left"` // until that day, negative after it
	Ended    bool     `json:"ended"`     // whether the series gets no more fixes
	Warnings []string `json:"warnings"`
	Todo     string   `json:"todo"` // what to do, as a command where there is one; "" for nothing
}

// Data is the input of Evaluate. Feed and Dates may be empty where they
// could not be fetched.
type Data struct {
	Feed  Feed
	Dates Dates
	Now   time.Time
}

// Evaluate returns the status of a kernel. locked and newest may be the zero Version.
func (d Data) Evaluate(kernel string, want Constraint, locked, newest Version) Status {
	s := Status{Kernel: kernel, Asked: want.String(), Warnings: []string{}}
	at := newest
	if !locked.IsZero() {
		s.Locked, at = &locked, locked
	}
	if !newest.IsZero() {
		s.Newest = &newest
	}
	if at.IsZero() {
		s.Todo = "kernel.org has no release that satisfies the constraint"
		return s
	}
	listed, isListed := d.Feed.find(at)
	s.Moniker = listed.Moniker
	s.Behind = behind(locked, newest, listed)
	d.end(&s, at, listed, isListed)
	s.Todo = todo(s, want, locked, newest)
	return s
}

// behind returns how many point releases of its series are newer than a locked version.
func behind(locked, newest Version, listed Listed) int {
	if locked.IsZero() || locked.IsCandidate() {
		return 0
	}
	most := 0
	for _, v := range []Version{newest, listed.Version} {
		if !v.IsZero() && v.Series() == locked.Series() {
			most = max(most, v.Point()-locked.Point())
		}
	}
	return most
}

// end fills in the end of life of a series. kernel.org publishes whether it has ended, the
// dates have the day; where they disagree it adds a warning.
func (d Data) end(s *Status, v Version, listed Listed, isListed bool) {
	life, known := d.Dates[v.Series()]
	days, dated := life.daysLeft(d.Now)
	if dated {
		s.End, s.DaysLeft = life.End.Format(time.DateOnly), &days
	}
	ended := life.Ended || dated && days < 0
	s.Ended = ended || listed.EOL
	if text := d.Dates.Warn(v, d.Now); text != "" {
		s.Warnings = append(s.Warnings, text)
	}
	switch {
	case isListed && known && listed.EOL && !ended:
		s.Warnings = append(s.Warnings, fmt.Sprintf("kernel.org lists %s as ended, but endoflife.date does not", v.Series()))
	case isListed && known && !listed.EOL && ended:
		s.Warnings = append(s.Warnings, fmt.Sprintf("kernel.org still lists %s, but endoflife.date has it as ended", v.Series()))
	}
}

// todo returns what to do about a kernel, or "".
func todo(s Status, want Constraint, locked, newest Version) string {
	switch {
	case s.Ended && (newest.IsZero() || newest.Series() == seriesOf(locked, newest)):
		return "move to a series that is maintained: change version in kernels.toml"
	case newest.IsZero():
		return ""
	case locked.IsZero():
		return "pin it: go tool mage kernel:update -name=" + s.Kernel
	case !want.Admits(locked) || newest.Compare(locked) > 0:
		return "go tool mage kernel:update -name=" + s.Kernel
	case newest.Compare(locked) < 0:
		return "kernel.org offers an older release than the lock file has: find out why"
	}
	return ""
}

func seriesOf(locked, newest Version) string {
	if locked.IsZero() {
		return newest.Series()
	}
	return locked.Series()
}

// NeedsAttention reports whether there is anything to do or a warning.
func (s Status) NeedsAttention() bool { return s.Todo != "" || len(s.Warnings) > 0 }
