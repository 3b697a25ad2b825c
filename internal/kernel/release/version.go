// Package release knows kernel versions: how they are written, how they are
// ordered, and which of them somebody asked for.
//
// It stands on hashicorp/go-version and mends what that gets wrong for kernels:
// a release is called 7.3 and not 7.3.0, and -rc10 comes after -rc9.
package release

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/go-version"
)

// Version is the version of a kernel release. The zero value is none.
type Version struct {
	name   string // as kernel.org writes it: "6.12.117", "7.3", "7.3-rc4"
	parsed *version.Version
}

// form is what a release is called: two or three numbers, four for 2.6, and
// perhaps a release candidate's number.
var form = regexp.MustCompile(`^v?(\d+\.\d+(?:\.\d+){0,2})(?:-rc(\d+))?$`)

// Parse reads a version as kernel.org writes it; a leading v, as tags have it, is
// dropped. Names of other streams (next-20260925, 6.12.1-rt2) are an error: they
// are not numbered along with the releases.
func Parse(name string) (Version, error) {
	parts := form.FindStringSubmatch(name)
	if parts == nil {
		return Version{}, fmt.Errorf("read kernel version %q: it is %s; expected something like 6.12.117, 7.3 or 7.3-rc4",
			name, StreamOf(name).what())
	}
	comparable := parts[1]
	if parts[2] != "" { // dotted, so that rc10 is compared as a number
		comparable += "-rc." + parts[2]
	}
	parsed, err := version.NewVersion(comparable)
	if err != nil {
		return Version{}, fmt.Errorf("read kernel version %q: %w", name, err)
	}
	return Version{name: strings.TrimPrefix(name, "v"), parsed: parsed}, nil
}

// String gives the name that files and URLs have.
func (v Version) String() string { return v.name }

// IsZero tells whether v is no version.
func (v Version) IsZero() bool { return v.parsed == nil }

// Compare orders versions by age: -1 if v is older than w, 0 if they are the
// same release, 1 if it is newer. 7.1-rc3 < 7.1 < 7.1.1.
func (v Version) Compare(w Version) int { return v.parsed.Compare(w.parsed) }

// IsCandidate tells whether v is a release candidate.
func (v Version) IsCandidate() bool { return v.parsed.Prerelease() != "" }

// Major gives the first number, which names the folder at kernel.org: 6 for v6.x.
func (v Version) Major() int { return v.parsed.Segments()[0] }

// Series gives the series a release belongs to: "6.12" for 6.12.117 and 6.12-rc3.
func (v Version) Series() string {
	s := v.parsed.Segments()
	if s[0] < 3 { // 2.6.39.4 is of the series 2.6.39
		return fmt.Sprintf("%d.%d.%d", s[0], s[1], s[2])
	}
	return fmt.Sprintf("%d.%d", s[0], s[1])
}

// Point gives the number of the point release: 117 for 6.12.117, 0 for 6.12.
func (v Version) Point() int {
	s := v.parsed.Segments()
	if s[0] < 3 {
		if len(s) > 3 {
			return s[3]
		}
		return 0
	}
	return s[2]
}

// Tag gives the name of the release's tag in the kernel's git repositories.
func (v Version) Tag() string { return "v" + v.name }

// Between gives every point release after from up to to, oldest first, where both
// are of one series; else to alone.
func Between(from, to Version) []Version {
	if from.IsZero() || from.IsCandidate() || from.Series() != to.Series() || from.Compare(to) >= 0 {
		return []Version{to}
	}
	var versions []Version
	for point := from.Point() + 1; point <= to.Point(); point++ {
		v, err := Parse(fmt.Sprintf("%s.%d", to.Series(), point))
		if err == nil {
			versions = append(versions, v)
		}
	}
	return versions
}

// MarshalText writes the name.
func (v Version) MarshalText() ([]byte, error) { return []byte(v.name), nil }

// UnmarshalText reads a name.
func (v *Version) UnmarshalText(text []byte) (err error) {
	*v, err = Parse(string(text))
	return err
}
