package release

import (
	"fmt"
	"time"
)

// Status is how a kernel of the file stands: what it asks, what it is locked to,
// and what there is by now.
type Status struct {
	Kernel   string   `json:"kernel"`
	Asked    string   `json:"asked"`
	Locked   *Version `json:"locked"`    // nil where there is no lock
	Newest   *Version `json:"newest"`    // that satisfies what is asked; nil where that is not known
	Behind   int      `json:"behind"`    // point releases from the locked to the newest of the locked's series
	Moniker  string   `json:"moniker"`   // what kernel.org calls the series; "" where it lists it no more
	End      string   `json:"eol"`       // the last day of support, YYYY-MM-DD; "" where that is not known
	DaysLeft *int     `json:"days_left"` // until then, negative after it
	Ended    bool     `json:"ended"`     // the series gets no more fixes
	Warnings []string `json:"warnings"`
	Todo     string   `json:"todo"` // what to do, as a command where there is one; "" where all is well
}

// Data is what a judgement rests on. Feed and Dates may be empty where they
// could not be had.
type Data struct {
	Feed  Feed
	Dates Dates
	Now   time.Time
}

// Evaluate tells how a kernel stands. locked and newest may be the zero Version.
func (k Data) Evaluate(kernel string, want Constraint, locked, newest Version) Status {
	s := Status{Kernel: kernel, Asked: want.String(), Warnings: []string{}}
	at := newest
	if !locked.IsZero() {
		s.Locked, at = &locked, locked
	}
	if !newest.IsZero() {
		s.Newest = &newest
	}
	if at.IsZero() {
		s.Todo = "nothing at kernel.org satisfies it"
		return s
	}
	listed, isListed := k.Feed.Find(at)
	s.Moniker = listed.Moniker
	s.Behind = behind(locked, newest, listed)
	k.end(&s, at, listed, isListed)
	s.Todo = todo(s, want, locked, newest)
	return s
}

// behind counts the point releases that a locked version lacks in its own series.
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

// end fills in the end of life of a series. kernel.org knows whether it is over,
// the dates know the day; where they disagree that is told.
func (k Data) end(s *Status, v Version, listed Listed, isListed bool) {
	life, known := k.Dates[v.Series()]
	days, dated := life.DaysLeft(k.Now)
	if dated {
		s.End, s.DaysLeft = life.End.Format(time.DateOnly), &days
	}
	over := life.Ended || dated && days < 0
	s.Ended = over || listed.EOL
	if text := k.Dates.Warn(v, k.Now); text != "" {
		s.Warnings = append(s.Warnings, text)
	}
	switch {
	case isListed && known && listed.EOL && !over:
		s.Warnings = append(s.Warnings, fmt.Sprintf("kernel.org calls %s ended, the ends of life do not", v.Series()))
	case isListed && known && !listed.EOL && over:
		s.Warnings = append(s.Warnings, fmt.Sprintf("kernel.org still lists %s, the ends of life call it ended", v.Series()))
	}
}

// todo says what to do about a kernel.
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
		return "kernel.org offers an older release than the lock has; find out why"
	}
	return ""
}

func seriesOf(locked, newest Version) string {
	if locked.IsZero() {
		return newest.Series()
	}
	return locked.Series()
}

// NeedsAttention tells whether there is something to do.
func (s Status) NeedsAttention() bool { return s.Todo != "" || len(s.Warnings) > 0 }
