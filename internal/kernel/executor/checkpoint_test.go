package executor

import (
	"io"
	"slices"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/diagnose"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// TestResume resumes from the checkpoint of a killed run of the same plan, and ignores that
// of a different plan.
func TestResume(t *testing.T) {
	e := &Executor{Dist: t.TempDir()}
	console := report.New(io.Discard, io.Discard, "")
	warnings := []string{"kernel/pid.c:12:3: warning: unused variable 'x' [-Wunused-variable]"}
	version, err := release.Parse("6.12.1")
	if err != nil {
		t.Fatal(err)
	}
	task := Task{Plan: plan.Plan{Name: "fixture", Arch: "amd64"}, Tree: source.Tree{Ref: source.Ref{Version: version}}}
	killed := &run{
		exec: e, events: console, task: task, logPath: "build.log",
		done: []plan.StepRecord{{Name: "prepare"}, {Name: "compile", Exit: 2}}, warnings: diagnose.Parse(warnings),
	}
	if err := killed.writeCheckpoint(); err != nil {
		t.Fatal(err)
	}
	next := &run{exec: e, events: console, task: task}
	next.resume()
	if len(next.earlier) != 1 || next.earlier[0].Name != "prepare" || !slices.Equal(next.warningLines(), warnings) {
		t.Errorf("resumed %+v, %q", next.earlier, next.warningLines())
	}
	task.Plan.User = "0:0"
	other := &run{exec: e, events: console, task: task}
	other.resume()
	if len(other.earlier)+len(other.warnings) > 0 {
		t.Errorf("resumed from a different plan: %+v, %q", other.earlier, other.warningLines())
	}
}
