package release

import (
	"encoding/json"
	"fmt"
	"time"
)

// WarningPeriod is how long before its end of life a series gets a warning.
const WarningPeriod = 60 * 24 * time.Hour

// Dates are the ends of life, by series ("6.12").
type Dates map[string]Life

// Life is the support of a series.
type Life struct {
	Longterm bool
	Ended    bool      // support has ended, whether the day is known or not
	End      time.Time // the last day of support; zero if not known
}

// lifeForm is one entry of https://endoflife.date/api/linux-kernel.json.
type lifeForm struct {
	Cycle field[string]          `json:"cycle"`
	EOL   field[json.RawMessage] `json:"eol"` // a date, or whether support has ended
	LTS   field[bool]            `json:"lts"`
}

// ParseDates reads endoflife.date's document on the Linux kernel. A document of a different
// form is an error that names what was expected.
func ParseDates(text []byte) (Dates, error) {
	var forms []lifeForm
	if err := json.Unmarshal(text, &forms); err != nil {
		return nil, fmt.Errorf("expected endoflife.date's list of Linux kernels, a JSON array: %w", err)
	}
	dates := Dates{}
	for i, f := range forms {
		if !f.Cycle.present || !f.EOL.present {
			return nil, fmt.Errorf(`entry %d: expected the fields "cycle" and "eol"`, i+1)
		}
		life := Life{Longterm: f.LTS.orElse(false)}
		if err := life.end(f.EOL.orElse(nil)); err != nil {
			return nil, fmt.Errorf("entry %d, cycle %s: %w", i+1, f.Cycle.orElse(""), err)
		}
		dates[f.Cycle.orElse("")] = life
	}
	if len(dates) == 0 {
		return nil, fmt.Errorf("the list is empty; expected at least one series")
	}
	return dates, nil
}

// end reads the value of "eol": true, false, or a day.
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

// daysLeft returns the whole days of support that are left at now, negative after the
// end, and whether the end is known.
func (l Life) daysLeft(now time.Time) (days int, known bool) {
	if l.End.IsZero() {
		return 0, false
	}
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	return int(l.End.Sub(today) / (24 * time.Hour)), true
}

// Warn returns a warning that support for a version's series has ended or ends within
// WarningPeriod, or "".
func (d Dates) Warn(v Version, now time.Time) string {
	life, known := d[v.Series()]
	days, dated := life.daysLeft(now)
	switch {
	case !known, dated && days > int(WarningPeriod/(24*time.Hour)), !dated && !life.Ended:
		return ""
	case !dated:
		return fmt.Sprintf("kernel %s has reached its end of life: it gets no more fixes", v.Series())
	case days < 0:
		return fmt.Sprintf("kernel %s reached its end of life on %s: it gets no more fixes", v.Series(), life.End.Format(time.DateOnly))
	}
	return fmt.Sprintf("kernel %s gets fixes for only %d more days, until %s", v.Series(), days, life.End.Format(time.DateOnly))
}
