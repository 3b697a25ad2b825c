package builder

import (
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// TestSecondBuildIsCompared builds kernels that depend on their environment: each
// difference is found, and explained where its cause can be recognised.
func TestSecondBuildIsCompared(t *testing.T) {
	b := testBuilder(t)
	const reproducible = "CONFIG_WARM=y"
	for option, cause := range map[string]string{
		reproducible:     "",
		"CONFIG_STAMP=y": "the time of the build",
		"CONFIG_PLACE=y": "the build's folder",
		"CONFIG_HOST=y":  "the name of the machine",
		"CONFIG_ORDER=y": "", // order of folders: not recognisable
		"CONFIG_JOBS=y":  "", // number of jobs: not recognisable
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
			if r.Same != (option == reproducible) || len(r.Artefacts) != 3 {
				t.Errorf("got %s", r)
			}
			if option != reproducible && (len(r.Differences) != 1 || !strings.Contains(r.Differences[0].Cause, cause) || fault.Code(r.Err()) != int(fault.Failed)) {
				t.Errorf("want one difference with cause %q, got %s", cause, r)
			}
			if left, err := b.Engine.Volumes().Has(t.Context(), "kiln-output-"+fixtureName+"-amd64-again"); err != nil || left {
				t.Errorf("the output volume of the second build was not removed: %v", err)
			}
		})
	}
}
