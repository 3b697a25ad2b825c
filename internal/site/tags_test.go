package site

import (
	"slices"
	"testing"

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
