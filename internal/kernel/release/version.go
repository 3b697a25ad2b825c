// Package release handles kernel versions: how they are written and ordered, which of them
// a constraint admits, and what kernel.org publishes about them.
//
// It is based on hashicorp/go-version and corrects what differs for kernels: a release is
// called 7.3 and not 7.3.0, and -rc10 comes after -rc9.
package release

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/go-version"
)

// Version is the version of a kernel release. The zero value is no version.
type Version struct {
	name   string // as kernel.org writes it: "6.12.117", "7.3", "7.3-rc4"
	parsed *version.Version
}

// form is the form of a release's name: two or three numbers, four for 2.6, and optionally
// the number of a release candidate.
var form = regexp.MustCompile(`^v?(\d+\.\d+(?:\.\d+){0,2})(?:-rc(\d+))?$`)

// Parse reads a version as kernel.org writes it, without or with the leading v of tags. A
// name of a different stream (next-20260925, 6.12.1-rt2) is an error: its numbers are not
// comparable with those of releases.
func Parse(name string) (Version, error) {
	parts := form.FindStringSubmatch(name)
	if parts == nil {
		return Version{}, fmt.Errorf("read kernel version %q: it is %s; expected a release, as 6.12.117, 7.3 or 7.3-rc4",
			name, StreamOf(name).description())
	}
	comparable := parts[1]
	if parts[2] != "" { // with a dot rc10 is compared as a number
		comparable += "-rc." + parts[2]
	}
	parsed, err := version.NewVersion(comparable)
	if err != nil {
		return Version{}, fmt.Errorf("read kernel version %q: %w", name, err)
	}
	return Version{name: strings.TrimPrefix(name, "v"), parsed: parsed}, nil
}

// String returns the version as file names and URLs have it.
func (v Version) String() string { return v.name }

// IsZero reports whether v is no version.
func (v Version) IsZero() bool { return v.parsed == nil }

// Compare returns -1 if v is older than w, 0 if they are the same release, 1 if v is
// newer. 7.1-rc3 < 7.1 < 7.1.1.
func (v Version) Compare(w Version) int { return v.parsed.Compare(w.parsed) }

// IsCandidate reports whether v is a release candidate.
func (v Version) IsCandidate() bool { return v.parsed.Prerelease() != "" }

// Major returns the first number, as in kernel.org's folders: 6 for v6.x.
func (v Version) Major() int { return v.parsed.Segments()[0] }

// Series returns the series a release belongs to: "6.12" for 6.12.117 and 6.12-rc3.
func (v Version) Series() string {
	s := v.parsed.Segments()
	if s[0] < 3 { // 2.6.39.4 is of the series 2.6.39
		return fmt.Sprintf("%d.%d.%d", s[0], s[1], s[2])
	}
	return fmt.Sprintf("%d.%d", s[0], s[1])
}

// Point returns the number of the point release: 117 for 6.12.117, 0 for 6.12.
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

// Tag returns the name of the release's tag in the kernel's git repositories.
func (v Version) Tag() string { return "v" + v.name }

// Between returns the point releases after from up to and including to, oldest first. If
// they are not of one series it returns only to.
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

// MarshalText returns the name.
func (v Version) MarshalText() ([]byte, error) { return []byte(v.name), nil }

// UnmarshalText parses a name.
func (v *Version) UnmarshalText(text []byte) (err error) {
	*v, err = Parse(string(text))
	return err
}
