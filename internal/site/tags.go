package site

import (
	"regexp"
	"slices"
	"strings"
)

// The parts of a tag that git decides, in braces: "{version}", "edge-{commit}".
const (
	tagVersion = "{version}" // of the commit's tag, without a v: 1.2.3
	tagMinor   = "{minor}"   // 1.2
	tagMajor   = "{major}"   // 1
	tagCommit  = "{commit}"  // its first 12 digits
	tagBranch  = "{branch}"  // with - for what no tag can have
)

// shortCommit is how many digits of a commit stand in a tag.
const shortCommit = 12

// notInTags is what a branch's name may have, and a tag may not.
var notInTags = regexp.MustCompile(`[^0-9A-Za-z_.-]`)

// values gives what the parts of a tag stand for; "" where git does not say.
func (c Commit) values() map[string]string {
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

// TagsOfGit tells whether git decides a part of a tag.
func (s Settings) TagsOfGit() bool {
	return slices.ContainsFunc(s.Tags, func(t string) bool { return strings.Contains(t, "{") })
}

// Resolve gives the tags with what git says in place of their parts, each once; and those
// that are left out, since git does not say it.
func Resolve(tags []string, c Commit) (resolved, leftOut []string) {
	values := c.values()
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

// version is a tag that never moves: a whole version (semver.org).
var version = regexp.MustCompile(`^v?\d+\.\d+\.\d+([-+.].*)?$`)

// immutable tells whether a tag never moves: a version's, and the commit's.
func (s Site) immutable(tag string) bool {
	return version.MatchString(tag) || s.Commit.ID != "" && strings.Contains(tag, s.Commit.ID[:min(shortCommit, len(s.Commit.ID))])
}
