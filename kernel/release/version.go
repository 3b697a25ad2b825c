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
// dropped. Names of other streams (next-20260925, 6.12.1-rt2) are an error.
func Parse(name string) (Version, error) {
	parts := form.FindStringSubmatch(name)
	if parts == nil {
		return Version{}, fmt.Errorf("read kernel version %q: expected something like 6.12.117, 7.3 or 7.3-rc4", name)
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

// MarshalText writes the name.
func (v Version) MarshalText() ([]byte, error) { return []byte(v.name), nil }

// UnmarshalText reads a name.
func (v *Version) UnmarshalText(text []byte) (err error) {
	*v, err = Parse(string(text))
	return err
}
