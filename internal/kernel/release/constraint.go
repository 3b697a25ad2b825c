package release

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/go-version"
)

// Constraint is what a version must satisfy: a constraint of hashicorp/go-version
// ("~> 6.12.0", ">= 6.6, < 6.13"), a series ("6.12"), one release ("6.12.117", "7.3-rc4"),
// or a line of development ("longterm").
type Constraint struct {
	text       string
	moniker    string
	exact      Version
	constraint version.Constraints
}

// monikers are the lines of development of kernel.org's releases.json.
var monikers = []string{"longterm", "stable", "mainline"}

var (
	series = regexp.MustCompile(`^v?\d+\.\d+$`)
	single = regexp.MustCompile(`^v?\d[\d.]*(-rc\d+)?$`)
)

// ParseConstraint reads a constraint as kernels.toml has it. A series may be written as its
// first tag is: v6.12.
func ParseConstraint(text string) (Constraint, error) {
	text = strings.TrimSpace(text)
	c := Constraint{text: text}
	switch {
	case slices.Contains(monikers, text):
		c.moniker = text
		return c, nil
	case series.MatchString(text):
		return c.constrain("~> " + strings.TrimPrefix(text, "v") + ".0")
	case single.MatchString(text):
		exact, err := Parse(text)
		c.exact = exact
		return c, err
	}
	return c.constrain(text)
}

func (c Constraint) constrain(text string) (Constraint, error) {
	constraint, err := version.NewConstraint(text)
	if err != nil {
		return Constraint{}, fmt.Errorf(`read version %q: expected a constraint as "~> 6.12.0", a series as "6.12", a release as "6.12.117", or one of longterm, stable, mainline`, c.text)
	}
	c.constraint = constraint
	return c, nil
}

// String returns the constraint as it was written.
func (c Constraint) String() string { return c.text }

// Moniker returns the line of development, or "".
func (c Constraint) Moniker() string { return c.moniker }

// Exact returns the one release that is admitted, if the constraint names one.
func (c Constraint) Exact() (Version, bool) { return c.exact, !c.exact.IsZero() }

// Exactly returns a constraint that admits only v.
func Exactly(v Version) Constraint { return Constraint{text: v.String(), exact: v} }

// Admits reports whether v satisfies the constraint. Only kernel.org knows which releases a
// moniker stands for: with a moniker Admits accepts every release that is not a candidate
// (for "mainline" those too), and the caller must select by Feed.Line.
func (c Constraint) Admits(v Version) bool {
	switch {
	case c.moniker != "":
		return !v.IsCandidate() || c.moniker == "mainline"
	case !c.exact.IsZero():
		return c.exact.Compare(v) == 0
	}
	return c.constraint.Check(v.parsed)
}

// Newest returns the newest admitted one of the releases, and whether there is one.
func (c Constraint) Newest(releases []Version) (newest Version, found bool) {
	for _, v := range releases {
		if c.Admits(v) && (!found || v.Compare(newest) > 0) {
			newest, found = v, true
		}
	}
	return newest, found
}
