package boot

import (
	"testing"

	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/toolchain"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// TestNoEmulatorAnywhere looks for an emulator that neither this machine nor Debian has.
func TestNoEmulatorAnywhere(t *testing.T) {
	a, err := arch.Find("amd64")
	if err != nil {
		t.Fatal(err)
	}
	a.QEMU.Binary, a.QEMU.Packages = "no-such-emulator", []string{"no-such-package"}
	e, c := enginetest.Engine(t), report.New(t.Output(), t.Output(), "")
	b := &Booter{Engine: e, Images: toolchain.New(e, c), Console: c, Cache: t.TempDir()}
	r, err := b.bootKernel(t.Context(), plan.Manifest{}, a, t.TempDir(), Limits{})
	if err != nil || r.Verdict != NoQEMU || fault.Code(r.Err()) != int(fault.Environment) {
		t.Errorf("%s, %v", r, err)
	}
}
