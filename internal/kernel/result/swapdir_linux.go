package result

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// replace replaces the folder dest with fresh. It exchanges the two, so that dest is complete
// at every moment, or renames both on a file system that cannot.
func replace(fresh, dest string) error {
	if _, err := os.Lstat(dest); errors.Is(err, fs.ErrNotExist) {
		return os.Rename(fresh, dest)
	}
	err := unix.Renameat2(unix.AT_FDCWD, fresh, unix.AT_FDCWD, dest, unix.RENAME_EXCHANGE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) { // NFS, FUSE (renameat2(2))
		return renameTwice(fresh, dest)
	}
	return err
}
