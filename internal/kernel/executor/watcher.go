package executor

import (
	"encoding/json"
	"fmt"

	"github.com/romanatrashyonok/kiln/internal/kernel/diagnose"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// watcher draws the events of a run and keeps what they tell.
type watcher struct {
	task     Task
	events   Events
	progress *report.Progress // of the current step; nil where it has none
	total    int64            // about how many files that step makes
	made     int64            // how many it has made

	seconds       float64 // of all steps that have ended
	configuration kconfig.Configuration
	failed        *runner.Failure
	done          *runner.Done
	ready         chan struct{} // closed with the last event
}

func newWatcher(t Task, ev Events) *watcher {
	return &watcher{task: t, events: ev, ready: make(chan struct{})}
}

// line takes one event of the runner. A line that is none is logged: a program in the container
// may print where it should not.
func (w *watcher) line(text string) {
	var e runner.Event
	if json.Unmarshal([]byte(text), &e) != nil {
		w.logf("%s", text)
		return
	}
	switch {
	case e.Note != "":
		w.logf("%s", e.Note)
	case e.Warning != "":
		w.events.Logf("warning: kernel %s: %s", w.task.Plan.Folder(), e.Warning)
	case e.Begin != nil:
		w.begin(*e.Begin)
	case e.Made != nil && w.progress != nil:
		w.made = e.Made.N
		w.progress.Set(e.Made.N, w.total, e.Made.File)
	case e.End != nil:
		w.end()
		w.seconds += e.End.Seconds
	case e.Configuration != nil:
		w.configured(*e.Configuration)
	case e.Finding != nil:
		w.annotate(*e.Finding)
	case e.Failure != nil:
		w.failed = e.Failure
		close(w.ready)
	case e.Done != nil:
		w.done = e.Done
		close(w.ready)
	}
}

// logf logs a line about the kernel.
func (w *watcher) logf(format string, args ...any) {
	w.events.Logf("kernel %s: %s", w.task.Plan.Folder(), fmt.Sprintf(format, args...))
}

// begin starts a progress display for a step that compiles.
func (w *watcher) begin(b runner.Begin) {
	if b.Phase != plan.Compile && b.Phase != plan.Modules {
		return
	}
	w.progress, w.total, w.made = w.events.Progress(fmt.Sprintf("kernel %s: %s", w.task.Plan.Folder(), b.Step)), b.Total, 0
}

// end ends the progress display.
func (w *watcher) end() {
	if w.progress != nil {
		w.progress.End(fmt.Sprintf("%d objects", w.made))
	}
	w.progress = nil
}

// configured keeps the configuration, with the warnings that the runner cannot give.
func (w *watcher) configured(c kconfig.Configuration) {
	c.Warnings = append(c.Warnings, needless(w.task.Plan.Allow, c.Options)...)
	w.configuration = c
}

// annotate shows a finding at its line in GitHub Actions.
func (w *watcher) annotate(f diagnose.Finding) {
	w.events.Annotate(report.Annotation{
		Level: string(f.Severity), File: f.File, Line: f.Line, Column: f.Column, Title: w.task.Plan.Folder() + ": " + f.Tool, Text: f.Text,
	})
}
