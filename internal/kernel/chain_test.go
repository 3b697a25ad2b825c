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
	w := &Works{Dist: t.TempDir(), Console: report.New(io.Discard, io.Discard, "")}
	warnings := []string{"kernel/pid.c:12:3: warning: unused variable 'x' [-Wunused-variable]"}
	version, err := release.Parse("6.12.1")
	if err != nil {
		t.Fatal(err)
	}
	killed := &job{
		tree:  source.Tree{Ref: source.Ref{Version: version}},
		works: w, ready: ready{plan: Plan{Name: "clay", Arch: "amd64"}}, logPath: "build.log",
		done: []StepRecord{{Name: "prepare"}, {Name: "compile", Exit: 2}}, warnings: diagnose.Parse(warnings),
	}
	if err := killed.note(); err != nil {
		t.Fatal(err)
	}
	next := &job{works: w, ready: killed.ready}
	next.recall()
	if len(next.broken) != 1 || next.broken[0].Name != "prepare" || !slices.Equal(next.said(), warnings) {
		t.Errorf("took up %+v, %q", next.broken, next.said())
	}
	other := &job{works: w, ready: ready{plan: Plan{Name: "clay", Arch: "amd64", User: "0:0"}}}
	other.recall()
	if len(other.broken)+len(other.warnings) > 0 {
		t.Errorf("took up of another plan %+v, %q", other.broken, other.said())
	}
}
