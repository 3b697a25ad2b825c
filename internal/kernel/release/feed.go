package release

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Feed is what kernel.org lists: its current releases, newest point release of
// each series (https://www.kernel.org/releases.json).
type Feed struct {
	Stable   Version // the newest stable release
	Releases []Listed
}

// Listed is one release of the feed.
type Listed struct {
	Version   Version
	Moniker   string // mainline, stable or longterm: a hint, see Feed.Line
	EOL       bool   // this series gets no more releases
	Released  time.Time
	Changelog string // URL, "" where there is none
}

// field is a field of a JSON object that is told apart: absent, null, or there.
type field[T any] struct {
	there bool
	value *T
}

// UnmarshalJSON is called only for a field that is there.
func (f *field[T]) UnmarshalJSON(text []byte) error {
	f.there = true
	return json.Unmarshal(text, &f.value)
}

// or gives the value, or what stands for null.
func (f field[T]) or(none T) T {
	if f.value == nil {
		return none
	}
	return *f.value
}

// feedForm is the document's form, as far as it is relied on. A URL may be null; a
// field that is not there at all means that the form has changed.
type feedForm struct {
	LatestStable field[versionForm]  `json:"latest_stable"`
	Releases     field[[]listedForm] `json:"releases"`
}

type versionForm struct {
	Version field[string] `json:"version"`
}

type listedForm struct {
	Moniker   field[string]   `json:"moniker"`
	Version   field[string]   `json:"version"`
	EOL       field[bool]     `json:"iseol"`
	Released  field[dateForm] `json:"released"`
	Source    field[string]   `json:"source"`
	Signature field[string]   `json:"pgp"`
	Changelog field[string]   `json:"changelog"`
}

type dateForm struct {
	Date field[string] `json:"isodate"`
}

// ParseFeed reads releases.json. Fields that were added are passed over; one that
// is missing, of another kind, or holds what is no kernel version is an error that
// says what was expected.
func ParseFeed(text []byte) (Feed, error) {
	var form feedForm
	if err := json.Unmarshal(text, &form); err != nil {
		return Feed{}, fmt.Errorf("expected kernel.org's releases.json, a JSON object: %w", err)
	}
	if !form.LatestStable.there || !form.Releases.there {
		return Feed{}, fmt.Errorf(`expected kernel.org's releases.json, with "latest_stable" and "releases"`)
	}
	var feed Feed
	var err error
	if feed.Stable, err = Parse(form.LatestStable.or(versionForm{}).Version.or("")); err != nil {
		return Feed{}, fmt.Errorf(`"latest_stable": %w`, err)
	}
	for i, each := range form.Releases.or(nil) {
		listed, err := each.read()
		if err != nil {
			return Feed{}, fmt.Errorf(`"releases", entry %d: %w`, i+1, err)
		}
		if !listed.Version.IsZero() {
			feed.Releases = append(feed.Releases, listed)
		}
	}
	if len(feed.Releases) == 0 {
		return Feed{}, fmt.Errorf(`"releases" names no release; expected at least one`)
	}
	return feed, nil
}

// read gives an entry; one of linux-next, which has no version, gives none.
func (f listedForm) read() (Listed, error) {
	for name, there := range map[string]bool{
		"moniker": f.Moniker.there, "version": f.Version.there, "iseol": f.EOL.there, "released": f.Released.there,
		"source": f.Source.there, "pgp": f.Signature.there, "changelog": f.Changelog.there,
	} {
		if !there {
			return Listed{}, fmt.Errorf("expected a field %q", name)
		}
	}
	name := f.Version.or("")
	if StreamOf(name) == Next {
		return Listed{}, nil
	}
	version, err := Parse(name)
	if err != nil {
		return Listed{}, err
	}
	date := f.Released.or(dateForm{}).Date.or("")
	released, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return Listed{}, fmt.Errorf(`%s: "released": expected "isodate" as YYYY-MM-DD, got %q`, name, date)
	}
	return Listed{
		Version: version, Moniker: f.Moniker.or(""), EOL: f.EOL.or(false),
		Released: released, Changelog: f.Changelog.or(""),
	}, nil
}

// Versions gives every release of the feed.
func (f Feed) Versions() []Version {
	var versions []Version
	for _, r := range f.Releases {
		versions = append(versions, r.Version)
	}
	return versions
}

// Line gives the releases of a line of development, newest first. kernel.org calls
// a longterm release "stable" while there is no other stable one, so what is
// longterm is asked of the dates too, where they are known.
func (f Feed) Line(moniker string, dates Dates) []Version {
	var line []Version
	for _, r := range f.Releases {
		longterm := r.Moniker == "longterm" || r.Moniker == "stable" && dates[r.Version.Series()].Longterm
		switch {
		case r.EOL:
		case moniker == "longterm" && longterm, moniker == r.Moniker:
			line = append(line, r.Version)
		}
	}
	if moniker == "stable" && len(line) == 0 {
		line = append(line, f.Stable)
	}
	slices.SortFunc(line, func(a, b Version) int { return b.Compare(a) })
	return line
}

// Find gives the feed's entry for the series of a version.
func (f Feed) Find(v Version) (Listed, bool) {
	for _, r := range f.Releases {
		if r.Version.Series() == v.Series() && r.Version.IsCandidate() == v.IsCandidate() {
			return r, true
		}
	}
	return Listed{}, false
}
