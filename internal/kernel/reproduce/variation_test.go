package reproduce

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/planner"
)

var variation = Variation{Root: "/moved", Host: "second-host", ClockOffset: 60}

func TestWordsMoveUnderTheRoot(t *testing.T) {
	for word, want := range map[string]string{
		"/source":                         "/moved/source",
		"/output":                         "/moved/output",
		"/output/.config":                 "/moved/output/.config",
		"O=/output":                       "O=/moved/output",
		"srctree=/source":                 "srctree=/moved/source",
		"CC=gcc" + planner.PrefixMapFlags: "CC=gcc -ffile-prefix-map=/moved/source=. -ffile-prefix-map=/moved/output=.",
		"INSTALL_MOD_PATH=/tmp/m":         "INSTALL_MOD_PATH=/tmp/m",
		"/kernel/bzImage":                 "/kernel/bzImage",
		"/input/0.config":                 "/input/0.config",
		"make":                            "make",
	} {
		if got := variation.word(word); got != want {
			t.Errorf("%s: got %s, want %s", word, got, want)
		}
	}
}

func TestApply(t *testing.T) {
	sample := func() plan.Plan {
		return plan.Plan{
			Name: "micro", Version: "6.12.5", Arch: "amd64", Env: []string{"LC_ALL=C"},
			Mounts: []plan.Mount{{Role: plan.SourceRole, Path: plan.SourceDir}, {Role: plan.OutputRole, Path: plan.OutputDir}, {Role: plan.CacheRole, Path: plan.CacheDir}},
			Make:   []string{"make", "-C", plan.SourceDir}, Kconfig: []string{"srctree=" + plan.SourceDir},
			Steps: []plan.Step{{Name: "compile", Argv: []string{"make", "-C", plan.SourceDir}, Dir: plan.OutputDir, In: []string{plan.ConfigFile}}},
		}
	}
	p := sample()
	got := variation.Apply(p)
	want := sample()
	want.Env = append(want.Env, "LD_PRELOAD="+library, "KILN_LATER=60")
	want.Mounts[0].Path, want.Mounts[1].Path = "/moved/source", "/moved/output"
	want.Make[2], want.Kconfig[0] = "/moved/source", "srctree=/moved/source"
	want.Steps[0].Argv[2], want.Steps[0].Dir = "/moved/source", "/moved/output"
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v, want\n%+v", got, want)
	}
	if !reflect.DeepEqual(p, sample()) {
		t.Errorf("the given plan was changed: %+v", p)
	}
	if got.Dir(plan.OutputRole) != "/moved/output" {
		t.Errorf("the output is at %q", got.Dir(plan.OutputRole))
	}
}

// TestPrepareLinksTheFolders checks that the container has what Apply relies on: the varied
// folders under their usual paths, and the library.
func TestPrepareLinksTheFolders(t *testing.T) {
	var lines []string
	for _, argv := range variation.Prepare() {
		lines = append(lines, strings.Join(argv, " "))
	}
	for _, want := range []string{"ln -s /moved/source /source", "ln -s /moved/output /output"} {
		if !slices.Contains(lines, want) {
			t.Errorf("%q is missing in %q", want, lines)
		}
	}
	if text := variation.Files()[librarySource]; text == "" || !strings.Contains(lines[len(lines)-1], library+" "+librarySource) {
		t.Errorf("the library is not compiled: %q", lines)
	}
}

func TestMarkersOfAVariation(t *testing.T) {
	m := variation.Markers(map[string]string{"CONFIG_A": "y"})
	if !slices.Equal(m.Places, []string{"/moved"}) || !slices.Equal(m.Hosts, []string{"second-host"}) || m.Options["CONFIG_A"] != "y" {
		t.Errorf("got %+v", m)
	}
}
