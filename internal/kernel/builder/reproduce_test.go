package builder

import (
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// TestSecondBuildIsCompared plants what keeps a build from being repeated: each is
// found, and named where that can be told.
func TestSecondBuildIsCompared(t *testing.T) {
	b := testBuilder(t)
	const nothing = "CONFIG_WARM=y"
	for option, cause := range map[string]string{
		nothing:          "",
		"CONFIG_STAMP=y": "the time of the build",
		"CONFIG_PLACE=y": "the build's folder",
		"CONFIG_HOST=y":  "the name of the machine",
		"CONFIG_ORDER=y": "", // of folders; it cannot be told
		"CONFIG_JOBS=y":  "", // how many; it cannot be told
	} {
		t.Run(option, func(t *testing.T) {
			s := fixtureSpec(t, b, option)
			built, err := b.Build(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			e, err := b.Folder.Extract(t.Context(), built)
			if err != nil {
				t.Fatal(err)
			}
			r, err := b.Reproduce(t.Context(), s, e.Folder)
			if err != nil {
				t.Fatal(err)
			}
			if r.Same != (option == nothing) || len(r.Artefacts) != 3 {
				t.Errorf("got %s", r)
			}
			if option != nothing && (len(r.Differences) != 1 || !strings.Contains(r.Differences[0].Cause, cause) || fault.Code(r.Err()) != int(fault.Failed)) {
				t.Errorf("its cause is not told: %s", r)
			}
			if left, err := b.Engine.Volumes().Has(t.Context(), "kiln-output-clay-amd64-again"); err != nil || left {
				t.Errorf("its output is left: %v", err)
			}
		})
	}
}
