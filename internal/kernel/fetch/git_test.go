package fetch

import "testing"

// TestLookUpMatchesFullNames looks up names among refs that end in them.
func TestLookUpMatchesFullNames(t *testing.T) {
	const refs = `aa11	HEAD
bb22	refs/heads/main
cc33	refs/heads/team/main
dd44	refs/remotes/origin/main
ee55	refs/tags/v6.12
ff66	refs/tags/v6.12^{}
ab77	refs/tags/old/v6.12
`
	for name, want := range map[string][2]string{
		"main":            {"bb22", ""},
		"refs/heads/main": {"bb22", ""},
		"team/main":       {"cc33", ""},
		"v6.12":           {"ff66", "v6.12"},
		"refs/tags/v6.12": {"ff66", "v6.12"},
		"HEAD":            {"aa11", ""},
		"ain":             {"", ""},
	} {
		if commit, tag := lookUp(refs, name); commit != want[0] || tag != want[1] {
			t.Errorf("%s: got %q, %q, want %q", name, commit, tag, want)
		}
	}
}
