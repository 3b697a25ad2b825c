package toolkit

import (
	"os"
	"path/filepath"
)

// scratchLock is held as long as the run lives whose folder it is in.
const scratchLock = "lock"

// scratch gives this run a folder for what it lays down on the way, and has it take the
// place of the machine's; those of runs that have died are removed. done removes it.
func scratch() (done func(), err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	return scratchIn(filepath.Join(cache, "kiln", "run"))
}

func scratchIn(all string) (done func(), err error) {
	if err := os.MkdirAll(all, 0o755); err != nil {
		return nil, err
	}
	sweepScratch(all)
	own, err := os.MkdirTemp(all, "")
	if err != nil {
		return nil, err
	}
	unseen, lock := filepath.Join(own, "new"), filepath.Join(own, scratchLock)
	release, err := lockFile(unseen)
	if err == nil {
		err = os.Rename(unseen, lock) // others see it only when it is held
	}
	if err != nil {
		os.RemoveAll(own)
		return nil, err
	}
	os.Setenv("TMPDIR", own)
	return func() {
		os.RemoveAll(own)
		release()
	}, nil
}

// sweepScratch removes the folders whose lock nobody holds. One without a lock is being
// made.
func sweepScratch(all string) {
	locks, _ := filepath.Glob(filepath.Join(all, "*", scratchLock))
	for _, lock := range locks {
		if release, err := lockFile(lock); err == nil {
			os.RemoveAll(filepath.Dir(lock))
			release()
		}
	}
}
