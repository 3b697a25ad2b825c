package kernel

import (
	"io"
	"slices"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/diagnose"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// TestNotesAreTakenUp goes on from a run of the same plan that was killed, and not from
// one of another.
func TestNotesAreTakenUp(t *testing.T) {
	w := &Builder{Dist: t.TempDir(), Console: report.New(io.Discard, io.Discard, "")}
	warnings := []string{"kernel/pid.c:12:3: warning: unused variable 'x' [-Wunused-variable]"}
	version, err := release.Parse("6.12.1")
	if err != nil {
		t.Fatal(err)
	}
	killed := &run{
		tree:    source.Tree{Ref: source.Ref{Version: version}},
		builder: w, candidate: candidate{plan: Plan{Name: "clay", Arch: "amd64"}}, logPath: "build.log",
		done: []StepRecord{{Name: "prepare"}, {Name: "compile", Exit: 2}}, warnings: diagnose.Parse(warnings),
	}
	if err := killed.writeProgress(); err != nil {
		t.Fatal(err)
	}
	next := &run{builder: w, candidate: killed.candidate}
	next.resume()
	if len(next.earlier) != 1 || next.earlier[0].Name != "prepare" || !slices.Equal(next.warningLines(), warnings) {
		t.Errorf("took up %+v, %q", next.earlier, next.warningLines())
	}
	other := &run{builder: w, candidate: candidate{plan: Plan{Name: "clay", Arch: "amd64", User: "0:0"}}}
	other.resume()
	if len(other.earlier)+len(other.warnings) > 0 {
		t.Errorf("took up of another plan %+v, %q", other.earlier, other.warningLines())
	}
}
