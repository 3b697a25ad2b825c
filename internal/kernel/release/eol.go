package release

import (
	"encoding/json"
	"fmt"
	"time"
)

// WarningPeriod is how long before its end a series is warned of.
const WarningPeriod = 60 * 24 * time.Hour

// Dates are the ends of life, by series ("6.12").
type Dates map[string]Life

// Life is what is known of a series' life.
type Life struct {
	Longterm bool
	Ended    bool      // it is over, whether the day is known or not
	End      time.Time // the last day of support; zero where it is not known
}

// lifeForm is one entry of https://endoflife.date/api/linux-kernel.json.
type lifeForm struct {
	Cycle field[string]          `json:"cycle"`
	EOL   field[json.RawMessage] `json:"eol"` // a date, or whether it is over
	LTS   field[bool]            `json:"lts"`
}

// ParseDates reads endoflife.date's document on the Linux kernel. A document of
// another form is an error that says what was expected.
func ParseDates(text []byte) (Dates, error) {
	var forms []lifeForm
	if err := json.Unmarshal(text, &forms); err != nil {
		return nil, fmt.Errorf("expected endoflife.date's list of Linux kernels, a JSON array: %w", err)
	}
	dates := Dates{}
	for i, f := range forms {
		if !f.Cycle.there || !f.EOL.there {
			return nil, fmt.Errorf(`entry %d: expected the fields "cycle" and "eol"`, i+1)
		}
		life := Life{Longterm: f.LTS.or(false)}
		if err := life.end(f.EOL.or(nil)); err != nil {
			return nil, fmt.Errorf("entry %d, cycle %s: %w", i+1, f.Cycle.or(""), err)
		}
		dates[f.Cycle.or("")] = life
	}
	if len(dates) == 0 {
		return nil, fmt.Errorf("the list is empty; expected a series at least")
	}
	return dates, nil
}

// end reads "eol": true, false, or a day.
func (l *Life) end(text json.RawMessage) error {
	if json.Unmarshal(text, &l.Ended) == nil {
		return nil
	}
	var day string
	err := json.Unmarshal(text, &day)
	if err == nil {
		l.End, err = time.Parse(time.DateOnly, day)
	}
	if err != nil {
		return fmt.Errorf(`"eol": expected a day as YYYY-MM-DD, true or false, got %s`, text)
	}
	return nil
}

// DaysLeft gives the whole days of support that are left at now, negative after the
// end, and whether the end is known.
func (l Life) DaysLeft(now time.Time) (days int, known bool) {
	if l.End.IsZero() {
		return 0, false
	}
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	return int(l.End.Sub(today) / (24 * time.Hour)), true
}

// Warn says that the series of a version is over or will be soon, or nothing.
func (d Dates) Warn(v Version, now time.Time) string {
	life, known := d[v.Series()]
	days, dated := life.DaysLeft(now)
	switch {
	case !known, dated && days > int(WarningPeriod/(24*time.Hour)), !dated && !life.Ended:
		return ""
	case !dated:
		return fmt.Sprintf("kernel %s is at its end of life: it gets no more fixes", v.Series())
	case days < 0:
		return fmt.Sprintf("kernel %s has been at its end of life since %s: it gets no more fixes", v.Series(), life.End.Format(time.DateOnly))
	}
	return fmt.Sprintf("kernel %s gets fixes for %d more days only, until %s", v.Series(), days, life.End.Format(time.DateOnly))
}
