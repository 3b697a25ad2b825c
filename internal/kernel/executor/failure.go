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

// stepFailure returns the *Failure of a failed step, classified by what the step printed.
func (r *run) stepFailure(ctx context.Context, s plan.Step, exit *engine.ExitError, found diagnose.Failure) error {
	hint := ""
	switch {
	case found.Cause != fault.Source:
	case r.configures(s) && (found.First == nil || found.First.Tool == "make"):
		found.Cause, hint = fault.Configuration, r.similarTarget(ctx, s) // the kernel's tools reject what was asked
	case !r.configures(s):
		if file, ok := r.namedFile(found); ok {
			found.Cause, hint = fault.Configuration, fmt.Sprintf("%s=%q: %s", file.Option, file.Value, missingFix)
		}
	}
	p := r.task.Plan
	f := &Failure{
		Schema: FailureSchema, Kernel: p.Folder(), Plan: p.Hash(), Step: s.Name, Exit: exit.Code, Command: shellescape.QuoteCommand(exit.Argv), Hint: hint, Failure: found,
	}
	return fault.WithCause(found.Cause, f)
}

// configures reports whether a step makes the configuration.
func (r *run) configures(s plan.Step) bool {
	steps := r.task.Plan.Steps[:r.task.Plan.ChecksAt()+1]
	return slices.ContainsFunc(steps, func(c plan.Step) bool { return c.Name == s.Name })
}

// keepLog saves the log of a failed build in dist/logs, with the failure as JSON beside it,
// and returns the error with the log's path.
func (r *run) keepLog(err error) error {
	base := filepath.Join(r.exec.Dist, "logs", r.task.Plan.Folder())
	text, readErr := os.ReadFile(r.logPath)
	if readErr != nil || len(text) == 0 || os.MkdirAll(filepath.Dir(base), 0o755) != nil || os.WriteFile(base+".log", text, 0o644) != nil {
		return err
	}
	r.events.Fold("log of kernel "+r.task.Plan.Folder(), string(text))
	var failure *Failure
	if !errors.As(err, &failure) {
		return fmt.Errorf("%w\n  full log: %s", err, base+".log")
	}
	failure.Log = base + ".log"
	report.Write(base+".json", failure) // best effort: the caller gets the error itself
	return err
}

// reportFailure annotates the errors of a failed step in GitHub Actions and records the
// build's outcome. It is called once, after the last retry.
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
