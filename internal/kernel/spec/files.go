package spec

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
)

// checkTarget reports, as an error, a key of files that names no path inside the source's
// tree, or one that the build overwrites.
func checkTarget(target string) error {
	switch {
	case !filepath.IsLocal(target) || strings.Contains(target, `\`):
		return fmt.Errorf("files: expected a path in the source's tree, such as %q, got %q", "certs/ours.pem", target)
	case path.Clean(target) == kconfig.GeneratedKey:
		return fmt.Errorf("files: the build generates %s itself: choose a different name, and set CONFIG_MODULE_SIG_KEY to it", kconfig.GeneratedKey)
	}
	return nil
}

// readFiles reads what the table's files name, in the order of their paths.
func (r *tableReader) readFiles() (list []source.File) {
	for _, target := range slices.Sorted(maps.Keys(r.table.Files)) {
		err := checkTarget(target)
		if err == nil {
			var files []source.File
			files, err = source.ReadFiles(r.dir, target, r.table.Files[target])
			list = append(list, files...)
		}
		r.add("files."+target, explainTilde(r.table.Files[target], err))
	}
	slices.SortFunc(list, func(a, b source.File) int { return strings.Compare(a.Path, b.Path) })
	r.add("files", overlapping(list))
	return list
}

// overlapping returns an error about files of which one replaces or contains another.
func overlapping(list []source.File) error {
	var faults []error
	seen := map[string]bool{}
	for _, f := range list {
		for at := f.Path; at != "."; at = path.Dir(at) {
			if seen[at] {
				faults = append(faults, fmt.Errorf("files: %s and %s cannot both be laid", at, f.Path))
			}
		}
		seen[f.Path] = true
	}
	return errors.Join(faults...)
}
