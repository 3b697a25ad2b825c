package release

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Feed is kernel.org's list of current releases, the newest point release of each series
// (https://www.kernel.org/releases.json).
type Feed struct {
	Stable   Version // the newest stable release
	Releases []Listed
}

// Listed is one release of the feed.
type Listed struct {
	Version   Version
	Moniker   string // mainline, stable or longterm: a hint, see Feed.Line
	EOL       bool   // whether the series gets no more releases
	Released  time.Time
	Changelog string // URL, "" where there is none
}

// field is a field of a JSON object that distinguishes absent, null and a value.
type field[T any] struct {
	present bool
	value   *T
}

// UnmarshalJSON is called only for a field that is present.
func (f *field[T]) UnmarshalJSON(text []byte) error {
	f.present = true
	return json.Unmarshal(text, &f.value)
}

// orElse returns the value, or none for null or an absent field.
func (f field[T]) orElse(none T) T {
	if f.value == nil {
		return none
	}
	return *f.value
}

// feedForm is the part of the document's form that Kiln relies on. A URL may be null; an
// absent field means that the form has changed.
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

// ParseFeed reads releases.json. It ignores unknown fields; a field that is missing, has a
// different type, or does not hold a kernel version where it should is an error that names
// what was expected.
func ParseFeed(text []byte) (Feed, error) {
	var form feedForm
	if err := json.Unmarshal(text, &form); err != nil {
		return Feed{}, fmt.Errorf("expected kernel.org's releases.json, a JSON object: %w", err)
	}
	if !form.LatestStable.present || !form.Releases.present {
		return Feed{}, fmt.Errorf(`expected kernel.org's releases.json, with "latest_stable" and "releases"`)
	}
	var feed Feed
	var err error
	if feed.Stable, err = Parse(form.LatestStable.orElse(versionForm{}).Version.orElse("")); err != nil {
		return Feed{}, fmt.Errorf(`"latest_stable": %w`, err)
	}
	for i, each := range form.Releases.orElse(nil) {
		listed, err := each.read()
		if err != nil {
			return Feed{}, fmt.Errorf(`"releases", entry %d: %w`, i+1, err)
		}
		if !listed.Version.IsZero() {
			feed.Releases = append(feed.Releases, listed)
		}
	}
	if len(feed.Releases) == 0 {
		return Feed{}, fmt.Errorf(`"releases" has no release; expected at least one`)
	}
	return feed, nil
}

// read returns an entry; for one of linux-next, which has no version, the zero value.
func (f listedForm) read() (Listed, error) {
	for name, present := range map[string]bool{
		"moniker": f.Moniker.present, "version": f.Version.present, "iseol": f.EOL.present, "released": f.Released.present,
		"source": f.Source.present, "pgp": f.Signature.present, "changelog": f.Changelog.present,
	} {
		if !present {
			return Listed{}, fmt.Errorf("expected a field %q", name)
		}
	}
	name := f.Version.orElse("")
	if StreamOf(name) == Next {
		return Listed{}, nil
	}
	version, err := Parse(name)
	if err != nil {
		return Listed{}, err
	}
	date := f.Released.orElse(dateForm{}).Date.orElse("")
	released, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return Listed{}, fmt.Errorf(`%s: "released": expected "isodate" as YYYY-MM-DD, got %q`, name, date)
	}
	return Listed{
		Version: version, Moniker: f.Moniker.orElse(""), EOL: f.EOL.orElse(false),
		Released: released, Changelog: f.Changelog.orElse(""),
	}, nil
}

// Versions returns every release of the feed.
func (f Feed) Versions() []Version {
	var versions []Version
	for _, r := range f.Releases {
		versions = append(versions, r.Version)
	}
	return versions
}

// Line returns the releases of a line of development, newest first. kernel.org calls a
// longterm release "stable" while there is no other stable one, so Line looks up longterm
// series in dates too, where those are known.
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

// find returns the feed's entry for the series of a version.
func (f Feed) find(v Version) (Listed, bool) {
	for _, r := range f.Releases {
		if r.Version.Series() == v.Series() && r.Version.IsCandidate() == v.IsCandidate() {
			return r, true
		}
	}
	return Listed{}, false
}
