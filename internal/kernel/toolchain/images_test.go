package toolchain

import (
	"testing"

	"github.com/romanatrashyonok/kiln/docker"
)

// TestTagDependsOnAllInputs checks that an image is rebuilt if any of its inputs changes, and
// found if none does.
func TestTagDependsOnAllInputs(t *testing.T) {
	tag := func(folder, name, base string, packages ...string) string {
		got, err := imageTag(folder, name, packages, base)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	first := tag(docker.Toolchain, "amd64", "sha256:aa", "gcc", "make")
	if second := tag(docker.Toolchain, "amd64", "sha256:aa", "gcc", "make"); second != first {
		t.Errorf("same inputs: %s and %s", first, second)
	}
	seen := map[string]string{first: "nothing"}
	for change, got := range map[string]string{
		"folder":            tag(docker.Fetch, "amd64", "sha256:aa", "gcc", "make"),
		"name":              tag(docker.Toolchain, "arm64", "sha256:aa", "gcc", "make"),
		"base":              tag(docker.Toolchain, "amd64", "sha256:bb", "gcc", "make"),
		"package":           tag(docker.Toolchain, "amd64", "sha256:aa", "gcc"),
		"packages as words": tag(docker.Toolchain, "amd64", "sha256:aa", "gcc make"),
	} {
		if other, taken := seen[got]; taken {
			t.Errorf("%s changed: same tag as with %s changed", change, other)
		}
		seen[got] = change
	}
}
