//go:build linux

package build

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/confined"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/outputtree"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/process"
)

// prepare makes the folders that the build's user writes to, lays the inputs, and runs the job's own
// commands.
func (s *session) prepare(ctx context.Context) error {
	folders := []string{s.dir(plan.OutputRole), s.dir(plan.CacheRole), s.cache.ProbeDir(), s.dir(plan.ResultRole)}
	for _, dir := range folders {
		if err := makeFolder(dir); err != nil {
			return fault.Wrap(fault.Environment, err)
		}
		if err := s.own(dir); err != nil {
			return err
		}
	}
	// what a different run left there is no part of this result
	if err := outputtree.Tree(s.dir(plan.ResultRole)).Clear(); err != nil {
		return err
	}
	if err := s.layInputs(); err != nil {
		return err
	}
	for _, argv := range s.Prepare {
		if _, err := (process.Command{Argv: argv}).Output(ctx); err != nil {
			return fault.Wrap(fault.Environment, fmt.Errorf("prepare the build: %w", err))
		}
	}
	return nil
}

// makeFolder makes a folder, in the place of whatever else a build has left there.
func makeFolder(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	return confined.Mkdir(filepath.Dir(dir), filepath.Base(dir))
}

// layInputs writes the configuration's fragments, the list of the files that are laid in the
// source, and the job's own files.
func (s *session) layInputs() error {
	texts := map[string]string{}
	for n, item := range s.Plan.Config {
		if item.Target == "" {
			texts[s.input(plan.FragmentPath(n))] = item.Text
		}
	}
	if len(s.Plan.Files) > 0 {
		var list strings.Builder
		for _, f := range s.Plan.Files {
			list.WriteString(f.Path + "\x00")
		}
		texts[s.input(plan.FileList)] = list.String()
	}
	for file, text := range s.Files {
		texts[file] = text
	}
	if err := os.MkdirAll(s.dir(plan.InputRole), 0o755); err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	for file, text := range texts {
		err := os.MkdirAll(filepath.Dir(file), 0o755)
		if err == nil {
			err = os.WriteFile(file, []byte(text), 0o644)
		}
		if err != nil {
			return fault.Wrap(fault.Environment, err)
		}
	}
	return nil
}

// input returns where a file is that the steps expect in the input folder.
func (s *session) input(name string) string {
	return filepath.Join(s.dir(plan.InputRole), strings.TrimPrefix(name, plan.InputDir))
}
