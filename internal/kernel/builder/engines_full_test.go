//go:build full

package builder

import (
	"os"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// TestPlanTravels plans the shipped kernel on this engine and on two newer ones, with each of
// their image stores, which never met: each bootstraps its toolchain by itself. The hash is the
// same, and the plan that was printed here makes the same bytes there.
func TestPlanTravels(t *testing.T) {
	s := shippedSpec(t, "amd64", arch.GCC)
	b := newBuilder(t, report.New(t.Output(), t.Output(), ""), shippedDir, t.TempDir())
	p, err := b.Plan(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.Build(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	want := manifestOf(t, b, r)
	root, err := base.Provider{Engine: b.Engine, Console: b.Console, Environ: os.Environ()}.Get(t.Context(), "debian:trixie-slim")
	if err != nil {
		t.Fatal(err)
	}
	for name, store := range map[string]string{"graph driver": enginetest.GraphDriver, "containerd": enginetest.Containerd} {
		t.Run(name, func(t *testing.T) {
			other := builderOn(t, enginetest.Second(t, b.Engine, root.Ref, store), report.New(t.Output(), t.Output(), ""), shippedDir, t.TempDir())
			there, err := other.Plan(t.Context(), s)
			if err != nil || there.Hash() != p.Hash() {
				t.Fatalf("plan %s here, %s there, %v", p.Hash(), there.Hash(), err)
			}
			made, err := other.BuildPlan(t.Context(), printed(t, p), nil, t.TempDir())
			if err != nil || !made.Built {
				t.Fatalf("%+v, %v", made, err)
			}
			m := manifestOf(t, other, made)
			for _, a := range want.Reproducible() {
				if m.SumOf(a.Path) != a.SHA256 {
					t.Errorf("%s differs", a.Path)
				}
			}
			t.Logf("engines %s and %s: plan %.12s, %d files are the same", want.Toolchain.Image, m.Toolchain.Image, p.Hash(), len(want.Reproducible()))
		})
	}
}
