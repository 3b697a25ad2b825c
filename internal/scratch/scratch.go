// Package scratch makes temporary folders that outlive no run for long: a run removes its
// own when it ends, and those of runs that were killed when it starts.
//
// A folder is in use as long as a process holds the lock (flock(2)) on the file beside it;
// the kernel releases the lock when the process dies.
package scratch

import (
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// prefix begins the names of all temporary folders of Kiln.
const prefix = "kiln-"

// lockName is the file in a temporary folder whose lock shows that it is in use.
const lockName = "lock"

// Dir makes an empty folder under os.TempDir for a purpose, as "boot", which is part of its name.
// remove removes it with all that is in it. The error is of class fault.Environment.
func Dir(purpose string) (dir string, remove func(), err error) {
	outer, err := os.MkdirTemp("", prefix+purpose+"-")
	if err != nil {
		return "", nil, failed(err)
	}
	release := lock(outer)
	remove = func() {
		os.RemoveAll(outer)
		release()
	}
	dir = filepath.Join(outer, purpose)
	if err := os.Mkdir(dir, 0o700); err != nil {
		remove()
		return "", nil, failed(err)
	}
	return dir, remove, nil
}

// failed returns the error about a folder that cannot be made.
func failed(err error) error {
	return fault.New(fault.Environment, "set TMPDIR to a folder that can be written and has free space", "make a temporary folder: %w", err)
}

// lock marks a folder as in use. The file gets its name once it is locked: a sweep sees
// no lock that is not held yet. On a filesystem without locks there is no file, and the
// folder is never swept.
func lock(outer string) (release func()) {
	fresh := filepath.Join(outer, "new")
	l := flock.New(fresh)
	if ok, err := l.TryLock(); err != nil || !ok {
		return func() {}
	}
	if os.Rename(fresh, filepath.Join(outer, lockName)) != nil {
		os.Remove(fresh)
	}
	return func() { l.Close() }
}

// Sweep removes the temporary folders under os.TempDir that no living process uses. What
// cannot be removed, as those of other users, stays.
func Sweep() {
	locks, _ := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*", lockName))
	for _, name := range locks {
		l := flock.New(name, flock.SetFlag(os.O_RDWR)) // never makes the file
		if ok, err := l.TryLock(); err == nil && ok {
			os.RemoveAll(filepath.Dir(name))
			l.Close()
		}
	}
}
