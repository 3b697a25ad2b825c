//go:build linux

package outputtree

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// Repair removes files that an interrupted build may have left incomplete, and returns how many
// they were. make(1) would take them as up to date: they are newer than their sources.
func (t Tree) Repair() (int, error) {
	times, err := t.times()
	if err != nil {
		return 0, fault.Wrap(fault.Environment, err)
	}
	list := partial(times)
	for _, name := range list {
		if err := os.Remove(t.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, fault.Wrap(fault.Environment, err)
		}
	}
	return len(list), nil
}

// times returns when each file of the tree was last written, but for this package's own.
func (t Tree) times() (map[string]time.Time, error) {
	times := map[string]time.Time{}
	err := filepath.WalkDir(string(t), func(file string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // removed in the meantime
			return nil
		}
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		name, _ := filepath.Rel(string(t), file) // below it: cannot fail
		if err == nil && !own(name) {
			times[name] = info.ModTime()
		}
		return err
	})
	return times, err
}

// unsettled is how long before the end of an interrupted build files may have been in work although
// their .cmd files exist: genksyms and recordmcount run after those are written.
const unsettled = 30 * time.Second

// partial returns the files that may be incomplete, given the times of all files: those that are
// newer than the .NAME.cmd file that Kbuild writes beside each when it is complete, those of
// the last moments, and modules, into which pahole writes types after their .cmd file. Where
// recordmcount is used every object is newer than its .cmd file, and is rebuilt.
func partial(times map[string]time.Time) (list []string) {
	var newest time.Time
	for _, t := range times {
		if t.After(newest) {
			newest = t
		}
	}
	last := newest.Add(-unsettled)
	for name, t := range times {
		dir, base := path.Split(name)
		completed, known := times[dir+"."+base+".cmd"]
		if known && (t.After(completed) || path.Ext(name) == ".ko") || t.After(last) && !writtenAtomically(name) {
			list = append(list, name)
		}
	}
	return list
}

// writtenAtomically reports whether a file is never incomplete: Kconfig and Kbuild's
// filechk write it under a temporary name and rename it. Rebuilding it would recompile
// everything that includes it.
func writtenAtomically(name string) bool {
	return strings.HasPrefix(name, ".config") || strings.HasPrefix(name, "include/config/") || strings.HasPrefix(name, "include/generated/")
}
