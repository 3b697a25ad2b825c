package site

import (
	"crypto/sha256"
	"fmt"
	"maps"
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
	tagBranch  = "{branch}"
)

// shortCommit is the number of a commit's digits in a tag.
const shortCommit = 12

// maxTag is the greatest length of a tag (OCI distribution specification, "Pulling manifests").
const maxTag = 128

// notInTags matches characters that git's names can have and a tag cannot. They become -.
var notInTags = regexp.MustCompile(`[^0-9A-Za-z_.-]`)

// tagParts returns the values of the parts of a tag; "" where git does not decide one.
func tagParts(c gitinfo.Commit) map[string]string {
	v := map[string]string{
		tagVersion: allowed(strings.TrimPrefix(c.Version, "v")), tagCommit: c.ID[:min(shortCommit, len(c.ID))],
		tagBranch: branchPart(c.Branch), tagMinor: "", tagMajor: "",
	}
	release, _, _ := strings.Cut(c.Version, "+")
	if core, _, pre := strings.Cut(strings.TrimPrefix(release, "v"), "-"); core != "" && !pre { // a pre-release is not the newest of its line
		numbers := strings.Split(allowed(core), ".")
		v[tagMajor], v[tagMinor] = numbers[0], strings.Join(numbers[:min(2, len(numbers))], ".")
	}
	return v
}

// allowed returns a name of git's as part of a tag, which does not begin with . or -.
func allowed(name string) string {
	return strings.TrimLeft(notInTags.ReplaceAllString(name, "-"), ".-")
}

// branchPart returns a branch as part of a tag: by its hash where a tag can have none of it.
func branchPart(branch string) string {
	if part := allowed(branch); part != "" || branch == "" {
		return part
	}
	return "branch-" + shortHash(branch)
}

// shortHash returns eight digits that differ between names that would look the same.
func shortHash(name string) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(name)))[:8]
}

// TagsOfGit reports whether git decides a part of a tag.
func (s Settings) TagsOfGit() bool {
	return slices.ContainsFunc(s.Tags, func(t string) bool { return strings.Contains(t, "{") })
}

// ResolveTags fills in the parts of tags that git decides, and returns each tag once. Tags
// with a part that git does not decide here are left out. A branch or a version that is too
// long for the tag is cut, and ends with a hash of all of it.
func ResolveTags(tags []string, c gitinfo.Commit) (resolved, leftOut []string) {
	values := tagParts(c)
	for _, tag := range tags {
		name, known := fillTag(tag, values)
		if len(name) > maxTag {
			name = fitTag(tag, values, c)
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

// WhyLeftOut returns why ResolveTags left out a tag, and what to do.
func WhyLeftOut(tag string, c gitinfo.Commit) (why, fix string) {
	whole, _, _ := strings.Cut(c.Version, "+")
	release, _, pre := strings.Cut(whole, "-")
	if pre && (strings.Contains(tag, tagMinor) || strings.Contains(tag, tagMajor)) {
		return c.Version + " is a pre-release, which does not become the newest of its line",
			fmt.Sprintf("add %s, which is %s here, or tag the release: %s", tagVersion, tagParts(c)[tagVersion], release)
	}
	return "git has no value for it", "add a tag that always applies, such as latest"
}

// fillTag fills in the parts of a tag. It reports whether all of them have a value.
func fillTag(tag string, values map[string]string) (name string, known bool) {
	name, known = tag, true
	for part, value := range values {
		if strings.Contains(name, part) {
			name, known = strings.ReplaceAll(name, part, value), known && value != ""
		}
	}
	return name, known
}

// fitTag fills in the parts of a tag that is too long with them: it cuts the branch, then the
// version, then the tag itself.
func fitTag(tag string, values map[string]string, c gitinfo.Commit) string {
	values = maps.Clone(values)
	for _, cut := range []struct{ part, whole string }{{tagBranch, c.Branch}, {tagVersion, c.Version}} {
		if name, _ := fillTag(tag, values); len(name) > maxTag {
			values[cut.part] = shorten(values[cut.part], len(name)-maxTag, cut.whole)
		}
	}
	name, _ := fillTag(tag, values)
	return shorten(name, len(name)-maxTag, name)
}

// shorten makes a value shorter by a number of characters, if it has as many. Its end is then
// a hash of whole, so that values that begin alike stay different.
func shorten(value string, over int, whole string) string {
	hash := shortHash(whole)
	if over <= 0 || len(value) <= len(hash) {
		return value
	}
	keep := max(0, len(value)-over-len(hash)-1)
	return strings.TrimLeft(value[:keep]+"-"+hash, ".-")
}

// version matches a whole version (semver.org).
var version = regexp.MustCompile(`^v?\d+\.\d+\.\d+([-+].*)?$`)

// IsImmutableTag reports whether a tag is never moved: a whole version, or one with the commit.
func IsImmutableTag(tag string, c gitinfo.Commit) bool {
	return version.MatchString(tag) || c.ID != "" && strings.Contains(tag, c.ID[:min(shortCommit, len(c.ID))])
}
