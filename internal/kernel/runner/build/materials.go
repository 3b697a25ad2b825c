//go:build linux

package build

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/outputtree"
)

// hashMaterials hashes files in their current state. Files that do not exist are left out. A scratch
// build returns nil: it is compared as a whole.
func (s *session) hashMaterials(paths []string) (list []plan.Material) {
	if s.Scratch {
		return nil
	}
	for _, file := range paths {
		if sum, err := outputtree.SHA256(file); err == nil {
			list = append(list, plan.Material{Path: file, SHA256: sum})
		}
	}
	return list
}

// artefacts returns every file of the result folder with its sha256 and size in bytes, by
// path.
func (s *session) artefacts() (list []plan.Artefact, err error) {
	root := s.dir(plan.ResultRole)
	err = filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		sum, err := outputtree.SHA256(file)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, file)
		list = append(list, plan.Artefact{Path: name, SHA256: sum, Size: info.Size()})
		return err
	})
	if err != nil {
		return nil, fault.Wrap(fault.Environment, fmt.Errorf("list artefacts: %w", err))
	}
	slices.SortFunc(list, func(a, b plan.Artefact) int { return strings.Compare(a.Path, b.Path) })
	return list, nil
}
