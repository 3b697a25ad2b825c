package release

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/hashicorp/go-version"
)

// Constraint is what somebody asks of a version: a constraint ("~> 6.12.0",
// ">= 6.6, < 6.13"), a series ("6.12"), one release ("6.12.117", "7.3-rc4"), or
// what kernel.org calls a line of development ("longterm").
type Constraint struct {
	text       string
	moniker    string
	exact      Version
	constraint version.Constraints
}

// monikers are the lines of development of kernel.org's releases.json.
var monikers = []string{"longterm", "stable", "mainline"}

var (
	series = regexp.MustCompile(`^\d+\.\d+$`)
	single = regexp.MustCompile(`^v?\d[\d.]*(-rc\d+)?$`)
)

// ParseConstraint reads what is asked of a version.
func ParseConstraint(text string) (Constraint, error) {
	w := Constraint{text: text}
	switch {
	case slices.Contains(monikers, text):
		w.moniker = text
		return w, nil
	case series.MatchString(text):
		return w.constrain("~> " + text + ".0")
	case single.MatchString(text):
		exact, err := Parse(text)
		w.exact = exact
		return w, err
	}
	return w.constrain(text)
}

func (w Constraint) constrain(text string) (Constraint, error) {
	c, err := version.NewConstraint(text)
	if err != nil {
		return Constraint{}, fmt.Errorf(`read version %q: expected a constraint as "~> 6.12.0", a series as "6.12", a release as "6.12.117", or one of longterm, stable, mainline`, w.text)
	}
	w.constraint = c
	return w, nil
}

// String gives what was asked, as it was written.
func (w Constraint) String() string { return w.text }

// Moniker gives the line of development that was asked for, or "".
func (w Constraint) Moniker() string { return w.moniker }

// Exact gives the one release that was asked for, if it was one.
func (w Constraint) Exact() (Version, bool) { return w.exact, !w.exact.IsZero() }

// Exactly asks for one release.
func Exactly(v Version) Constraint { return Constraint{text: v.String(), exact: v} }

// Admits tells whether a release is what was asked. Only kernel.org knows which
// releases a moniker stands for: then every release that is not a candidate is
// admitted here, and the caller asks for Moniker.
func (w Constraint) Admits(v Version) bool {
	switch {
	case w.moniker != "":
		return !v.IsCandidate() || w.moniker == "mainline"
	case !w.exact.IsZero():
		return w.exact.Compare(v) == 0
	}
	return w.constraint.Check(v.parsed)
}

// Newest gives the newest of the releases that is admitted, and whether there is one.
func (w Constraint) Newest(releases []Version) (newest Version, found bool) {
	for _, v := range releases {
		if w.Admits(v) && (!found || v.Compare(newest) > 0) {
			newest, found = v, true
		}
	}
	return newest, found
}
