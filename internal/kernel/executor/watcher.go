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
	building bool // and not only configuring, whose result has the warnings
	events   Events
	step     runner.Begin     // the current step
	progress *report.Progress // of the current step; nil until it makes something
	made     int64            // how many files it has made

	seconds       float64 // of all steps that have ended
	configuration kconfig.Configuration
	failed        *runner.Failure
	done          *runner.Done
	ready         chan struct{} // closed with the last event
}

func newWatcher(t Task, until string, ev Events) *watcher {
	return &watcher{task: t, building: until == "", events: ev, ready: make(chan struct{})}
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
		w.step = *e.Begin
	case e.Made != nil:
		w.show(*e.Made)
	case e.End != nil:
		w.end()
		w.seconds += e.End.Seconds
	case e.Configuration != nil:
		w.configured(*e.Configuration)
	case e.Finding != nil:
		w.logf("new: %s", *e.Finding)
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

// show draws the progress of a step that compiles.
func (w *watcher) show(m runner.Made) {
	if w.step.Phase != plan.Compile && w.step.Phase != plan.Modules {
		return
	}
	if w.progress == nil {
		w.progress = w.events.Progress(fmt.Sprintf("kernel %s: %s", w.task.Plan.Folder(), w.step.Step))
	}
	w.made = m.N
	w.progress.Set(m.N, w.step.Total, m.File)
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
	found := needless(w.task.Plan.Allow, c.Options)
	if w.building {
		for _, text := range found {
			w.events.Logf("warning: kernel %s: %s", w.task.Plan.Folder(), text)
		}
	}
	c.Warnings = append(c.Warnings, found...)
	w.configuration = c
}

// annotate shows a finding at its line in GitHub Actions.
func (w *watcher) annotate(f diagnose.Finding) {
	w.events.Annotate(report.Annotation{
		Level: string(f.Severity), File: f.File, Line: f.Line, Column: f.Column, Title: w.task.Plan.Folder() + ": " + f.Tool, Text: f.Text,
	})
}
