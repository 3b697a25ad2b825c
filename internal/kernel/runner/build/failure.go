//go:build linux

package build

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/diagnose"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/configcheck"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/process"
)

// stepError is the error of a step that failed.
type stepError struct{ runner.Failure }

// Error returns the step, the cause and the exit code.
func (e *stepError) Error() string {
	return fmt.Sprintf("step %s failed (%s): exit status %d", e.Step, e.Cause, e.Exit)
}

// lostError is the error of a configuration in which options are not as asked, or have values that
// the build would fail on.
type lostError struct{ error }

// Unwrap returns the configuration's own error.
func (e lostError) Unwrap() error { return e.error }

// failureOf returns an error as an event.
func failureOf(err error) runner.Failure {
	var f runner.Failure
	var step *stepError
	if errors.As(err, &step) {
		f = step.Failure
	}
	f.Class, f.Cause = fault.Code(err), string(fault.CauseOf(err))
	if f.Text = err.Error(); f.Text == reported(err) {
		f.Text = ""
		return f
	}
	var classed *fault.Error
	if errors.As(err, &classed) && classed.Fix != "" {
		f.Fix = classed.Fix
		f.Text = strings.Replace(f.Text, "\n  fix: "+f.Fix, "", 1)
	}
	return f
}

// reported returns the text of the error of a step or a configuration in an error: other events and
// fields have what it reports. An error with a longer text has more to report.
func reported(err error) string {
	var step *stepError
	var lost lostError
	switch {
	case errors.As(err, &step):
		return step.Error()
	case errors.As(err, &lost):
		return lost.Error()
	}
	return ""
}

// failure returns the *stepError of a failed step, classified by what the step printed.
func (r *steps) failure(s plan.Step, exit *process.ExitError, found diagnose.Failure, oomKilled bool) error {
	if oomKilled || diskFull(r.dir(plan.OutputRole)) {
		found.Cause = fault.Resources // each tool reports it differently
	}
	f := runner.Failure{Step: s.Name, Exit: exit.Code, Argv: s.Argv}
	configures := s.Phase == plan.Configure
	switch {
	case found.Cause != fault.Source:
	case configures && (found.First == nil || found.First.Tool == "make"): // the kernel's tools reject what was asked
		found.Cause = fault.Configuration
		f.Target, f.Known = r.unknownTarget(s)
	case !configures:
		if file, ok := r.namedFile(found); ok {
			found.Cause, f.File = fault.Configuration, &file
		}
	}
	f.Cause, f.Found = string(found.Cause), &found
	return fault.WithCause(found.Cause, &stepError{f})
}

// unknownTarget returns, for a failed step that makes a target of the configuration which the
// source does not have, that target and those that it has.
func (r *steps) unknownTarget(s plan.Step) (target string, known []string) {
	configuring := r.Plan.Configuring()
	makes := len(s.Argv) > len(r.Plan.Make) && slices.Equal(s.Argv[:len(r.Plan.Make)], r.Plan.Make)
	if !makes || s.Name == configuring[len(configuring)-1].Name { // the last one makes no item's target
		return "", nil
	}
	source := r.dir(plan.SourceRole)
	for _, dir := range []string{filepath.Join(source, "arch", configcheck.SourceArch(r.Plan), "configs"), filepath.Join(source, "kernel/configs")} {
		filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
			if err == nil && entry.Type().IsRegular() { // one of the folders may not exist
				name, _ := filepath.Rel(dir, file) // below it: cannot fail
				known = append(known, name)
			}
			return nil
		})
	}
	target = s.Argv[len(s.Argv)-1]
	if slices.Contains(known, target) { // it failed for a different reason
		return "", nil
	}
	return target, known
}

// notThere matches what the kernel's build prints about a file that it does not find.
var notThere = regexp.MustCompile(`No rule to make target|[Cc]an(?:not|'t) open|No such file`)

// namedFile returns the file that the value of an option names and that a command did not
// find: one that configcheck takes for present, as some Makefiles look in fewer folders.
func (r *steps) namedFile(found diagnose.Failure) (kconfig.FileRef, bool) {
	lines := found.Tail
	if found.First != nil {
		lines = []string{found.First.Raw}
	}
	for _, file := range kconfig.Files(r.values, configcheck.SourceArch(r.Plan)) {
		for _, line := range lines {
			if notThere.MatchString(line) && strings.Contains(line, file.File) {
				return file, true
			}
		}
	}
	return kconfig.FileRef{}, false
}

// diskFullBelow is the free space, in bytes, below which a disk counts as full: less than
// a failed step may have freed by removing its files.
const diskFullBelow = 256 << 10

// diskFull reports whether the disk of a folder is full.
func diskFull(dir string) bool {
	var st syscall.Statfs_t
	return syscall.Statfs(dir, &st) == nil && int64(st.Bavail)*int64(st.Bsize) < diskFullBelow
}
