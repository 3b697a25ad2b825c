//go:build linux

package build

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/process"
)

// seal makes the content of the result folder final. It kills what the steps have left running, and
// takes the folder from the build's user: nothing can change a file between its sum and the end. It
// fails where a step has put anything but files and folders there, or has replaced the log.
func (r *run) seal() error {
	if err := process.KillLeft(); err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	root := r.dir(plan.ResultRole)
	for _, name := range []string{plan.PlanFile, plan.ManifestFile} { // a step has no business with them
		if err := os.RemoveAll(filepath.Join(root, name)); err != nil {
			return fault.Wrap(fault.Environment, err)
		}
	}
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.IsDir() && !entry.Type().IsRegular() {
			return fault.NewWithCause(fault.Source, "", "publish the result: %s is neither a file nor a folder", file)
		}
		return r.disown(file)
	})
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	return r.checkLog()
}

// disown takes a file or folder from the build's user.
func (s *session) disown(name string) error {
	if s.user == nil {
		return nil
	}
	return os.Lchown(name, os.Geteuid(), os.Getegid())
}

// checkLog reports whether the log in the result folder is the file that this run writes.
func (r *run) checkLog() error {
	if r.log == nil {
		return nil
	}
	written, err := r.log.Stat()
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	found, err := os.Lstat(filepath.Join(r.dir(plan.ResultRole), plan.LogFile))
	if err == nil && !os.SameFile(written, found) {
		err = fmt.Errorf("%s is a different file", plan.LogFile)
	}
	if err != nil {
		return fault.NewWithCause(fault.Source, "", "publish the result: a step replaced the log: %w", err)
	}
	return nil
}
