package site

import (
	"regexp"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/gitinfo"
)

// The parts of a tag that git decides, in braces: "{version}", "edge-{commit}".
const (
	tagVersion = "{version}" // of the tag of HEAD, without its v: 1.2.3
	tagMinor   = "{minor}"   // 1.2
	tagMajor   = "{major}"   // 1
	tagCommit  = "{commit}"  // the first 12 digits
	tagBranch  = "{branch}"  // with - for characters that a tag cannot have
)

// shortCommit is the number of a commit's digits in a tag.
const shortCommit = 12

// notInTags matches characters that a branch can have and a tag cannot.
var notInTags = regexp.MustCompile(`[^0-9A-Za-z_.-]`)

// tagParts returns the values of the parts of a tag; "" where git does not decide one.
func tagParts(c gitinfo.Commit) map[string]string {
	v := map[string]string{
		tagVersion: strings.TrimPrefix(c.Version, "v"), tagCommit: c.ID[:min(shortCommit, len(c.ID))],
		tagBranch: strings.TrimLeft(notInTags.ReplaceAllString(c.Branch, "-"), ".-"), tagMinor: "", tagMajor: "",
	}
	if core, _, pre := strings.Cut(v[tagVersion], "-"); core != "" && !pre { // a pre-release is not the newest of its line
		numbers := strings.Split(core, ".")
		v[tagMajor], v[tagMinor] = numbers[0], strings.Join(numbers[:min(2, len(numbers))], ".")
	}
	return v
}

// TagsOfGit reports whether git decides a part of a tag.
func (s Settings) TagsOfGit() bool {
	return slices.ContainsFunc(s.Tags, func(t string) bool { return strings.Contains(t, "{") })
}

// ResolveTags fills in the parts of tags that git decides, and returns each tag once. Tags
// with a part that git does not decide here are left out.
func ResolveTags(tags []string, c gitinfo.Commit) (resolved, leftOut []string) {
	values := tagParts(c)
	for _, tag := range tags {
		name, known := tag, true
		for part, value := range values {
			if strings.Contains(name, part) {
				name, known = strings.ReplaceAll(name, part, value), known && value != ""
			}
		}
		switch {
		case !known:
			leftOut = append(leftOut, tag)
		case !slices.Contains(resolved, name):
			resolved = append(resolved, name)
		}
	}
	return resolved, leftOut
}

// version matches a whole version (semver.org).
var version = regexp.MustCompile(`^v?\d+\.\d+\.\d+([-+].*)?$`)

// IsImmutableTag reports whether a tag is never moved: a whole version, or one with the commit.
func IsImmutableTag(tag string, c gitinfo.Commit) bool {
	return version.MatchString(tag) || c.ID != "" && strings.Contains(tag, c.ID[:min(shortCommit, len(c.ID))])
}
