package executor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/diagnose"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// FailureSchema names the form of dist/logs/FOLDER.json.
const FailureSchema = "kiln/failure/v1"

// Failure is a build that failed: in which step, and what is to blame.
type Failure struct {
	Schema  string `json:"schema"`
	Kernel  string `json:"kernel"` // NAME-VERSION-ARCH
	Plan    string `json:"plan"`
	Step    string `json:"step"`
	Exit    int    `json:"exit"`
	Command string `json:"command"` // in a form that a shell takes
	Log     string `json:"log"`     // the whole of it, a path
	diagnose.Failure
}

// Error names the step, the cause and the log, and shows the first error last.
func (f *Failure) Error() string {
	lines := []string{fmt.Sprintf("build kernel %s: step %s failed (%s): exit status %d: %s", f.Kernel, f.Step, f.Cause, f.Exit, f.Command)}
	if hint := causeHint[f.Cause]; hint != "" {
		lines = append(lines, "  "+hint)
	}
	if f.Log != "" {
		lines = append(lines, "  the whole log: "+f.Log)
	}
	return strings.Join(append(lines, f.Failure.String()), "\n")
}

// summary is the failure on one line.
func (f *Failure) summary() string {
	line := fmt.Sprintf("failed in step %s (%s)", f.Step, f.Cause)
	if f.First != nil {
		line += ": " + f.First.String()
	}
	return line
}

// causeHint says what to do, where that does not stand in the error itself.
var causeHint = map[fault.Cause]string{
	fault.Toolchain: "a program that builds is missing in the toolchain image, or cannot do what this kernel asks for",
	fault.Resources: "free some memory or disk: go tool mage prune, docker system prune; or give less: memory and jobs in the [build] table of kernels.toml",
}

// stepFailure judges a failed step by what it printed.
func (r *run) stepFailure(s plan.Step, exit *engine.ExitError, found diagnose.Failure) error {
	if found.Cause == fault.Source && r.configures(s) && (found.First == nil || found.First.Tool == "make") {
		found.Cause = fault.Configuration // the kernel's tools refuse what was asked
	}
	p := r.task.Plan
	f := &Failure{
		Schema: FailureSchema, Kernel: p.Folder(), Plan: p.Hash(), Step: s.Name, Exit: exit.Code, Command: shellescape.QuoteCommand(exit.Argv), Failure: found,
	}
	return fault.WithCause(found.Cause, f)
}

// annotate shows a complaint at its line, in GitHub Actions.
func (r *run) annotate(f diagnose.Finding) {
	r.events.Annotate(report.Annotation{Level: string(f.Severity), File: f.File, Line: f.Line, Column: f.Column, Title: r.task.Plan.Folder() + ": " + f.Tool, Text: f.Text})
}

// configures tells whether a step makes the configuration.
func (r *run) configures(s plan.Step) bool {
	for _, each := range r.task.Plan.Steps[:r.task.Plan.ChecksAt()+1] {
		if each.Name == s.Name {
			return true
		}
	}
	return false
}

// keepLog saves the log of a failed build, says where, and writes down the failure beside
// it.
func (r *run) keepLog(err error) error {
	base := filepath.Join(r.exec.Dist, "logs", r.task.Plan.Folder())
	text, readErr := os.ReadFile(r.logPath)
	if readErr != nil || len(text) == 0 || os.MkdirAll(filepath.Dir(base), 0o755) != nil || os.WriteFile(base+".log", text, 0o644) != nil {
		return err
	}
	r.events.Fold("log of kernel "+r.task.Plan.Folder(), string(text))
	var failure *Failure
	if !errors.As(err, &failure) {
		return fmt.Errorf("%w\n  the whole log: %s", err, base+".log")
	}
	failure.Log = base + ".log"
	report.Write(base+".json", failure) // the error is told anyway
	return err
}

// reportFailure shows GitHub Actions what a step complained of, if that is what ended the
// build: once, after the last try.
func (r *run) reportFailure(err error) {
	var failure *Failure
	if !errors.As(err, &failure) {
		return
	}
	for _, e := range failure.Errors {
		r.annotate(e)
	}
	r.events.RecordOutcome(failure.Kernel, "build", failure.summary())
}

// compareWarnings completes the warnings of a build over an old output, and says how many
// there are and which are new.
func (r *run) compareWarnings(ctx context.Context) {
	var last plan.Manifest
	if r.exec.Results.Latest(ctx, r.task.Plan, plan.ManifestFile, &last) != nil {
		last.Warnings = nil
	}
	before := diagnose.Parse(last.Warnings)
	if r.incremental {
		made := map[string]bool{}
		for _, object := range r.made {
			made[object] = true
		}
		r.warnings = diagnose.Carry(r.warnings, before, func(object string) bool { return made[object] })
	}
	if len(r.warnings) == 0 {
		return
	}
	fresh := diagnose.Added(r.warnings, before)
	r.events.Logf("kernel %s: %d warnings, %d new", r.task.Plan.Folder(), len(r.warnings), len(fresh))
	for n, f := range fresh {
		if n == warningsShown {
			r.events.Logf("  and %d more, in build.log", len(fresh)-n)
			break
		}
		r.events.Logf("  new: %s", f)
		r.annotate(f)
	}
}

// warningLines gives the warnings as the tools told them, each once.
func (r *run) warningLines() []string {
	list := []string{}
	for _, f := range r.warnings {
		if !slices.Contains(list, f.Raw) {
			list = append(list, f.Raw)
		}
	}
	return list
}

// warningsShown is how many new warnings are said.
const warningsShown = 5
