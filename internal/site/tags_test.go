package site

import (
	"slices"
	"strings"
	"testing"

	"github.com/distribution/reference"

	"github.com/romanatrashyonok/kiln/internal/site/gitinfo"
)

func TestResolveTags(t *testing.T) {
	all := []string{"latest", "{version}", "{minor}", "{major}", "sha-{commit}", "{branch}"}
	for name, tc := range map[string]struct {
		commit        gitinfo.Commit
		tags, leftOut []string
	}{
		"a release": {
			gitinfo.Commit{ID: "0123456789abcdef", Version: "v1.2.3", Branch: "main"},
			[]string{"latest", "1.2.3", "1.2", "1", "sha-0123456789ab", "main"}, nil,
		},
		"a pre-release": {
			gitinfo.Commit{ID: "0123456789abcdef", Version: "v2.0.0-rc.1", Branch: "next"},
			[]string{"latest", "2.0.0-rc.1", "sha-0123456789ab", "next"}, []string{"{minor}", "{major}"},
		},
		"a branch": {
			gitinfo.Commit{ID: "0123456789abcdef", Branch: "feature/größer"},
			[]string{"latest", "sha-0123456789ab", "feature-gr--er"}, []string{"{version}", "{minor}", "{major}"},
		},
		"no git": {gitinfo.Commit{}, []string{"latest"}, []string{"{version}", "{minor}", "{major}", "sha-{commit}", "{branch}"}},
	} {
		t.Run(name, func(t *testing.T) {
			tags, leftOut := ResolveTags(all, tc.commit)
			if !slices.Equal(tags, tc.tags) || !slices.Equal(leftOut, tc.leftOut) {
				t.Errorf("got %q, left out %q", tags, leftOut)
			}
		})
	}
}

// TestTagsOfOddNames resolves names that git allows and a tag does not.
func TestTagsOfOddNames(t *testing.T) {
	long := strings.Repeat("feature-", 20)
	commit := func(version, branch string) gitinfo.Commit {
		return gitinfo.Commit{ID: "0123456789abcdef", Version: version, Branch: branch}
	}
	for _, tc := range []struct {
		tag    string
		commit gitinfo.Commit
		want   string
	}{
		{"{version}", commit("v1.2.3+fork.1", ""), "1.2.3-fork.1"},
		{"{minor}", commit("v1.2.3+fork.1", ""), "1.2"},
		{"{minor}", commit("v1.2.3+fork-1", ""), "1.2"},
		{"{major}", commit("v1.2.3-rc.1+fork", ""), ""},
		{"{version}", commit("v1.2.3-"+long, ""), "1.2.3-" + long[:113] + "-" + shortHash("v1.2.3-"+long)},
		{"{branch}", commit("", long), long[:119] + "-" + shortHash(long)},
		{"{branch}", commit("", long+"x"), long[:119] + "-" + shortHash(long+"x")},
		{"edge-{branch}-{commit}", commit("", long), "edge-" + long[:101] + "-" + shortHash(long) + "-0123456789ab"},
		{strings.Repeat("p", 120) + "{branch}", commit("", long), strings.Repeat("p", 120) + shortHash(long)},
		{"{branch}", commit("", "feature/x"), "feature-x"},
		{"{branch}", commit("", "émile"), "mile"},
		{"{branch}", commit("", "日本"), "branch-" + shortHash("日本")},
		{"{branch}", commit("", "-lead"), "lead"},
		{"x{branch}", commit("", ".lead"), "xlead"},
		{"{branch}", commit("", "Fix#12"), "Fix-12"},
		{"{branch}", commit("", ""), ""},
		{"{branch}", commit("", "{commit}"), "commit-"},
	} {
		tags, _ := ResolveTags([]string{tc.tag, tc.tag}, tc.commit)
		if got := strings.Join(tags, " "); got != tc.want {
			t.Errorf("%s of version %s, branch %s: got %s, want %s", tc.tag, tc.commit.Version, tc.commit.Branch, got, tc.want)
		}
	}
}

func FuzzResolveTags(f *testing.F) {
	f.Add("{branch}", "v1.2.3+fork.1", "feature/x")
	f.Add("edge-{version}-{branch}-{commit}", "v1.2.3-"+strings.Repeat("x", 200), strings.Repeat("é", 200))
	f.Add("{branch}{branch}", "", strings.Repeat("-x", 100))
	name, err := reference.WithName("x")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, tag, version, branch string) {
		s := Settings{Repository: "x", Tags: []string{tag}, Base: "x", Port: 1, Missing: MissingFails}
		if len(faults(s)) > 0 {
			return // which no run gets past
		}
		tags, _ := ResolveTags(s.Tags, gitinfo.Commit{ID: "0123456789abcdef", Version: version, Branch: branch})
		for _, resolved := range tags {
			if _, err := reference.WithTag(name, resolved); err != nil {
				t.Errorf("%q of version %q, branch %q: %q: %v", tag, version, branch, resolved, err)
			}
		}
	})
}

func TestWhyATagIsLeftOut(t *testing.T) {
	for tag, want := range map[string]string{
		"{minor}":    "v1.2.3-rc.1 is a pre-release, which does not become the newest of its line; fix: add {version}, which is 1.2.3-rc.1 here, or tag the release: v1.2.3",
		"v{major}-x": "v1.2.3-rc.1 is a pre-release, which does not become the newest of its line; fix: add {version}, which is 1.2.3-rc.1 here, or tag the release: v1.2.3",
		"{branch}":   "git has no value for it; fix: add a tag that always applies, such as latest",
	} {
		if why, fix := WhyLeftOut(tag, gitinfo.Commit{ID: "0123456789abcdef", Version: "v1.2.3-rc.1"}); why+"; fix: "+fix != want {
			t.Errorf("%s: got %s; fix: %s", tag, why, fix)
		}
	}
	if why, _ := WhyLeftOut("{minor}", gitinfo.Commit{ID: "0123456789abcdef", Branch: "main"}); why != "git has no value for it" {
		t.Errorf("without a version: %s", why)
	}
}

func TestIsImmutableTag(t *testing.T) {
	c := gitinfo.Commit{ID: "0123456789abcdef"}
	for tag, want := range map[string]bool{
		"1.2.3": true, "v1.2.3": true, "1.2.3-rc.1": true, "sha-0123456789ab": true,
		"1.2": false, "1": false, "latest": false, "main": false, "v1": false,
	} {
		if IsImmutableTag(tag, c) != want {
			t.Errorf("%s: immutable is %v", tag, !want)
		}
	}
}
