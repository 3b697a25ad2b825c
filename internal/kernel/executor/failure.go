package executor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"al.essio.dev/pkg/shellescape"
	"github.com/moby/buildkit/util/suggest"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/diagnose"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner"
	"github.com/romanatrashyonok/kiln/internal/report"
	"github.com/romanatrashyonok/kiln/internal/scratch"
)

// FailureSchema is the schema of dist/logs/FOLDER.json.
const FailureSchema = "kiln/failure/v1"

// Failure is the error of a build in which a step failed: the step, the cause and the
// errors that were printed.
type Failure struct {
	Schema  string `json:"schema"`
	Kernel  string `json:"kernel"` // NAME-VERSION-ARCH
	Plan    string `json:"plan"`   // sha256
	Step    string `json:"step"`
	Exit    int    `json:"exit"`
	Command string `json:"command"`        // quoted for a shell
	Log     string `json:"log"`            // path of the full log; "" where none is kept
	Hint    string `json:"hint,omitempty"` // about the cause, where it is in kernels.toml
	diagnose.Failure
}

// Error returns the step, the cause and the log's path, and last the first error.
func (f *Failure) Error() string {
	lines := []string{fmt.Sprintf("build kernel %s: step %s failed (%s): exit status %d: %s", f.Kernel, f.Step, f.Cause, f.Exit, f.Command)}
	if fix := causeFix[f.Cause]; fix != "" {
		lines = append(lines, "  fix: "+fix)
	}
	if f.Hint != "" {
		lines = append(lines, "  fix: "+f.Hint)
	}
	if f.Log != "" {
		lines = append(lines, "  full log: "+f.Log)
	}
	return strings.Join(append(lines, f.Failure.String()), "\n")
}

// summary returns the failure on one line.
func (f *Failure) summary() string {
	line := fmt.Sprintf("failed in step %s (%s)", f.Step, f.Cause)
	if f.First != nil {
		line += ": " + f.First.String()
	}
	return line
}

// causeFix is what to do, for causes whose errors do not contain it.
var causeFix = map[fault.Cause]string{
	fault.Toolchain: "choose a toolchain that has the programs and features this kernel needs: toolchain in kernels.toml",
	fault.Resources: "free memory or disk: go tool mage prune, docker system prune; or lower memory and jobs in the [build] table of kernels.toml",
}

// failure returns the error that a run reported, or nil.
func (w *watcher) failure() error {
	f := w.failed
	if f == nil {
		return nil
	}
	if f.Step != "" {
		return w.stepFailure(*f)
	}
	if err := w.configuration.Err(); err != nil && f.Text == "" {
		return err
	}
	return &fault.Error{Class: fault.Class(f.Class), Cause: fault.Cause(f.Cause), Err: fmt.Errorf("build kernel %s: %s", w.task.Plan.Folder(), f.Text), Fix: f.Fix}
}

// stepFailure returns the *Failure of a failed step. Where there is not enough memory for a
// single job, the error says so first.
func (w *watcher) stepFailure(f runner.Failure) error {
	p := w.task.Plan
	failure := &Failure{
		Schema: FailureSchema, Kernel: p.Folder(), Plan: p.Hash(), Step: f.Step, Exit: f.Exit, Command: shellescape.QuoteCommand(f.Argv), Hint: hint(p, f), Failure: *f.Found,
	}
	err := fault.WithCause(f.Found.Cause, failure)
	if f.Text != "" || f.Class > fault.Code(err) {
		return &fault.Error{Class: fault.Class(f.Class), Cause: f.Found.Cause, Err: prefixed(f.Text, err), Fix: f.Fix}
	}
	return err
}

// prefixed returns an error with a text before it, if there is one.
func prefixed(text string, err error) error {
	if text == "" {
		return err
	}
	return fmt.Errorf("%s: %w", text, err)
}

// hint returns what an entry of kernels.toml has to do with a failed step, or "".
func hint(p plan.Plan, f runner.Failure) string {
	switch {
	case f.File != nil:
		return fmt.Sprintf("%s=%q: %s", f.File.Option, f.File.Value, kconfig.MissingFix)
	case f.Target == "":
		return ""
	}
	text := fmt.Sprintf("%s has no configuration %s for %s", p.Version, f.Target, p.Arch)
	if near, ok := suggest.Search(f.Target, f.Known, true); ok {
		text += fmt.Sprintf("; did you mean %q?", near)
	}
	return text
}

// keepLog saves the log of a failed build in dist/logs, with the failure as JSON beside it, and
// returns the error with the log's path. Where the run reported no failure, its container may be
// gone, and the log with it.
func (b *build) keepLog(ctx context.Context, err error) error {
	folder := filepath.Join(b.exec.Dist, "logs")
	base := filepath.Join(folder, b.task.Plan.Folder())
	text, readErr := b.readLog(ctx)
	if readErr != nil || len(text) == 0 || os.MkdirAll(folder, 0o755) != nil || os.WriteFile(base+".log", text, 0o644) != nil {
		b.report(err)
		return err
	}
	b.seen.events.Fold("log of kernel "+b.task.Plan.Folder(), string(text))
	var failure *Failure
	if !errors.As(err, &failure) {
		os.Remove(base + ".json") // of an earlier failure
		return fmt.Errorf("%w\n  full log: %s", err, base+".log")
	}
	failure.Log = base + ".log"
	report.Write(base+".json", failure) // best effort: the caller gets the error itself
	b.report(err)
	return err
}

// readLog returns the log of the build so far.
func (b *build) readLog(ctx context.Context) ([]byte, error) {
	dir, remove, err := scratch.Dir("log")
	if err != nil {
		return nil, err
	}
	defer remove()
	if err := b.ctr.Get(ctx, path.Join(b.task.Plan.Dir(plan.ResultRole), plan.LogFile), dir); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, plan.LogFile))
}

// report annotates the errors of a failed step in GitHub Actions and records the build's
// outcome.
func (b *build) report(err error) {
	var failure *Failure
	if !errors.As(err, &failure) {
		return
	}
	for _, e := range failure.Errors {
		b.seen.annotate(e)
	}
	b.seen.events.RecordOutcome(failure.Kernel, "build", failure.summary())
}
