package fetch

import (
	"slices"
	"testing"
)

func TestPatchedFiles(t *testing.T) {
	const out = "patching file kernel/pid.c\nHunk #1 succeeded at 646 (offset 2 lines).\npatching file new name.c (renamed from old.c)\npatching symbolic link a/link\n"
	want := []string{"/source/kernel/pid.c", "/source/new name.c", "/source/a/link"}
	if got := patchedFiles(out); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
